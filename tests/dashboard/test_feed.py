"""Decisions as they happen, read off the stream as a browser would."""

from __future__ import annotations

import http.client
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from support.answers import Answer, say
from support.gateway import STACK, Gateway, start_gateway
from support.http import post
from support.upstream import Upstream

ASK = {"model": "rolecall/plan", "messages": [{"role": "user", "content": "go"}]}


@contextmanager
def listening(gateway: Gateway, query: str = "after=0") -> Iterator[Iterator[tuple[str, str]]]:
    """The events of the feed: their names and their rows."""
    parts = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.request("GET", f"/live?{query}")
    answer = connection.getresponse()
    assert answer.headers["content-type"].startswith("text/event-stream")
    try:
        yield _events(answer)
    finally:
        answer.close()
        connection.close()


def _events(answer: http.client.HTTPResponse) -> Iterator[tuple[str, str]]:
    name = ""
    while line := answer.readline().decode():
        field, _, value = line.strip().partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def rows(events: Iterator[tuple[str, str]], name: str) -> str:
    """The next rows of a table that are not empty."""
    return next(text for found, text in events if found == name and text.strip())


def test_a_decision_is_told_while_it_is_answered_and_after(tmp_path: Path) -> None:
    """First under way with its role and reason, then with its status and cost."""
    slow = Answer(text="Done.", first_byte_after=2.0)
    with (
        Upstream(lambda _: slow) as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as gateway,
        listening(gateway) as events,
    ):
        assert post(f"{gateway.url}/v1/chat/completions", ASK).status == 200
        under_way = rows(events, "underway")
        assert "up/plan-model" in under_way
        assert "the client asks for rolecall/plan" in under_way
        answered = rows(events, "decisions")
        assert ">200<" in answered
        assert gateway.decisions(1)[0]["id"] in answered


def test_each_listener_is_told_what_it_chose(tmp_path: Path) -> None:
    """From the record on that its page ended with, of the role that it names."""
    with (
        Upstream(say("Done.")) as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as gateway,
    ):
        ids = []
        for role in ("plan", "fast", "plan"):
            body = {**ASK, "model": f"rolecall/{role}"}
            ids.append(post(f"{gateway.url}/v1/chat/completions", body).headers)
        found = [headers["x-rolecall-decision"] for headers in ids]
        with listening(gateway, "after=1&role=plan") as events:
            told = rows(events, "decisions")
        assert found[2] in told
        assert found[0] not in told
        assert found[1] not in told


def test_a_page_that_is_open_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """Ctrl-C ends the gateway as quickly as without it."""
    with (
        Upstream(say("Done.")) as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as gateway,
        listening(gateway),
    ):
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGINT)
        gateway.process.wait(timeout=10)
        assert time.monotonic() - began < 3
