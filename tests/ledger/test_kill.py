"""What a client saw complete is in the ledger, whatever happens to the gateway."""

from __future__ import annotations

import socket
import sqlite3
import threading
from pathlib import Path

from support.answers import Answer, say
from support.gateway import STACK, Gateway, start_gateway
from support.http import get, post
from support.upstream import Upstream

CANARY = "canary-5f1b"


def ask_until_dead(gateway: Gateway, stream: bool, seen: list[str]) -> None:
    """Ask again and again, and keep the id of each answer whose end was seen."""
    body = {"model": "rolecall/auto", "stream": stream, "max_tokens": 9}
    said = body | {"messages": [{"role": "user", "content": "x"}]}
    while True:
        try:
            got = post(gateway.url + "/v1/messages", said)
        except OSError:
            return
        ended = b"message_stop" in got.body if stream else got.complete
        if got.status == 200 and ended:
            seen.append(got.headers["x-rolecall-decision"])
        if not got.complete:
            return


def test_kill_9_loses_no_record(tmp_path: Path) -> None:
    """Over several crashes, every answer that a client saw to its end has its record."""
    with Upstream(say("Done and recorded.")) as upstream:
        config = STACK.format(base_url=upstream.base_url)
        seen: list[str] = []
        for _ in range(3):
            with start_gateway(config, tmp_path) as gateway:
                askers = [
                    threading.Thread(target=ask_until_dead, args=(gateway, n % 2 == 0, seen))
                    for n in range(8)
                ]
                for asker in askers:
                    asker.start()
                before = len(upstream.received)
                upstream.wait_for(lambda received, start=before: len(received) > start + 150)  # type: ignore[misc] # bound now
                gateway.kill()
                for asker in askers:
                    asker.join(20)
        with start_gateway(config, tmp_path) as gateway:
            recorded = {row["id"] for row in gateway.decisions(1000)}
            assert len(seen) > 300
            assert set(seen) - recorded == set() or len(recorded) == 1000
            assert gateway.rolecall("replay").stdout.endswith(" 0 differ\n")
        with sqlite3.connect(tmp_path / "data/rolecall/ledger.sqlite") as ledger:
            kept = {row[0] for row in ledger.execute("SELECT id FROM decisions")}
        ledger.close()
        assert set(seen) <= kept


def test_nothing_that_was_said_is_kept(tmp_path: Path) -> None:
    """No part of a prompt, an answer or a key is in the ledger, on the terminal or in its log."""
    with Upstream(lambda _: Answer(text=CANARY, pieces=1)) as upstream:
        config = STACK.format(base_url=upstream.base_url)
        with start_gateway(config, tmp_path) as gateway:
            body = {
                "model": "rolecall/auto",
                "messages": [
                    {"role": "system", "content": CANARY},
                    {"role": "user", "content": CANARY},
                ],
                "tools": [{"type": "function", "function": {"name": "x", "description": CANARY}}],
            }
            keys = {"authorization": f"Bearer {CANARY}", "x-api-key": CANARY, "cookie": CANARY}
            for stream in (False, True):
                assert (
                    CANARY.encode()
                    in post(
                        gateway.url + "/v1/chat/completions", body | {"stream": stream}, keys
                    ).body
                )
            post(gateway.url + "/v1/chat/completions", b'{"model": "' + CANARY.encode(), keys)
        for file in (path for path in tmp_path.rglob("*") if path.is_file()):
            assert CANARY.encode() not in file.read_bytes(), file


def test_locked_ledger_holds_answers_back(tmp_path: Path) -> None:
    """While another process holds the ledger an answer waits; it completes when that lets go."""
    with (
        Upstream() as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as g,
    ):
        ledger = sqlite3.connect(tmp_path / "data/rolecall/ledger.sqlite", check_same_thread=False)
        ledger.execute("BEGIN IMMEDIATE")
        answers: list[int] = []
        body = {"model": "x", "messages": [{"role": "user", "content": "x"}]}
        url = g.url + "/v1/chat/completions"
        asker = threading.Thread(target=lambda: answers.append(post(url, body).status))
        asker.start()
        upstream.wait_for(lambda received: len(received) == 1)
        asker.join(0.5)
        assert answers == []
        ledger.rollback()
        ledger.close()
        asker.join(10)
        assert answers == [200]
        assert len(g.decisions()) == 1


def test_ledger_that_cannot_be_written_stops_new_requests(tmp_path: Path) -> None:
    """Nothing is sent that cannot be recorded; when the trouble ends nothing was lost."""
    with (
        Upstream() as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as g,
    ):
        url = g.url + "/v1/chat/completions"
        body = {"model": "x", "messages": [{"role": "user", "content": "x"}]}
        assert post(url, body).status == 200
        ledger = sqlite3.connect(tmp_path / "data/rolecall/ledger.sqlite")
        ledger.execute("ALTER TABLE decisions RENAME TO elsewhere")
        ledger.commit()
        unrecorded = post(url, body)
        assert not unrecorded.complete
        asked = len(upstream.received)
        assert get(g.url + "/healthz").status == 503
        refused = post(url, body)
        assert refused.status == 503
        assert "nothing is sent that cannot be recorded" in refused.json()["error"]["message"]
        assert len(upstream.received) == asked
        ledger.execute("ALTER TABLE elsewhere RENAME TO decisions")
        ledger.commit()
        ledger.close()
        g.wait_for(lambda found: len(found) == 2)
        assert get(g.url + "/healthz").status == 200
        assert post(url, body).status == 200


def test_pipelined_requests_are_answered_in_order(tmp_path: Path) -> None:
    """Two requests on one connection, sent at once, get two answers."""
    with (
        Upstream() as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as g,
    ):
        body = b'{"model":"x","messages":[{"role":"user","content":"x"}]}'
        line = "POST /v1/chat/completions HTTP/1.1"
        head = f"{line}\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        first = head.encode() + b"\r\n" + body
        last = head.encode() + b"Connection: close\r\n\r\n" + body
        host, _, port = g.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), 10) as client:
            client.sendall(first + last)
            received = b"".join(iter(lambda: client.recv(65536), b""))
        assert received.count(b"HTTP/1.1 200 OK") == 2
