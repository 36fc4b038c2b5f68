"""A ledger that cannot be written: nothing is lost, nothing pretends, and it mends itself."""

from __future__ import annotations

import resource
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.conftest import Pair
from gateway.test_forwarding import PATHS, body_for
from support.answers import Answer
from support.gateway import STACK, Gateway, run_rolecall, start_gateway
from support.http import Got, get, post
from support.upstream import Upstream

LEDGER = "data/rolecall/ledger.sqlite"

if not hasattr(resource, "prlimit"):
    pytest.skip("a full disk is played with prlimit, which is Linux's", allow_module_level=True)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Pair]:
    """A gateway whose ledger may be hurt."""
    with (
        Upstream() as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as gateway,
    ):
        yield Pair(gateway=gateway, upstream=upstream)


def ask(gateway: Gateway, dialect: str = "openai.chat", **more: Any) -> Got:
    return post(gateway.url + PATHS[dialect], body_for(dialect, **more))


@contextmanager
def full_disk(gateway: Gateway) -> Iterator[None]:
    """No file of the gateway can grow, as on a full disk."""
    was = resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (4096, was[1]))
    try:
        yield
    finally:
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, was)


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Another process holds the ledger, as a backup or a shell may."""
    other = sqlite3.connect(home / LEDGER, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def wait_well(gateway: Gateway) -> None:
    end = time.monotonic() + 10
    while get(gateway.url + "/healthz").status != 200:
        assert time.monotonic() < end, get(gateway.url + "/healthz").body
        time.sleep(0.05)


def test_full_disk_is_said_and_survived(own: Pair) -> None:
    """Answers are not completed, new requests not sent; room on the disk mends all by itself."""
    gateway, upstream = own.gateway, own.upstream
    assert ask(gateway).status == 200
    with full_disk(gateway):
        assert not ask(gateway).complete
        health = get(gateway.url + "/healthz")
        assert health.status == 503
        assert "cannot be written" in health.json()["detail"]
        for dialect in PATHS:
            refused = ask(gateway, dialect)
            assert refused.status == 503
            assert ("type" in refused.json()) == (dialect == "anthropic.messages")
            assert "nothing is sent that cannot be" in refused.json()["error"]["message"]
        assert len(upstream.received) == 2
    wait_well(gateway)
    assert ask(gateway).status == 200
    assert len(gateway.decisions()) == 3


def test_streams_end_visibly_incomplete(own: Pair) -> None:
    """While the ledger cannot be written no stream shows the event that ends it."""
    own.answer_with(Answer(text="a b", event_every=0.1))
    ends = {"openai.chat": b"[DONE]", "openai.responses": b"response.completed"}
    for dialect in PATHS:
        answers: list[Got] = []
        asker = threading.Thread(
            target=lambda name=dialect, kept=answers: kept.append(
                ask(own.gateway, name, stream=True)
            )
        )
        before = len(own.upstream.received)
        asker.start()
        own.upstream.wait_for(lambda received, start=before: len(received) > start)  # type: ignore[misc] # bound now
        with full_disk(own.gateway):
            asker.join()
        assert answers[0].status == 200
        assert not answers[0].complete
        assert ends.get(dialect, b"message_stop") not in answers[0].body
        wait_well(own.gateway)
    assert len(own.gateway.decisions()) == 3


def test_held_for_long_becomes_trouble_and_passes(own: Pair) -> None:
    """Answers wait a few seconds for another process; then they fail, and nothing is lost."""
    answers: list[Got] = []
    with held(own.gateway.home):
        asker = threading.Thread(target=lambda: answers.append(ask(own.gateway)))
        asker.start()
        own.upstream.wait_for(lambda received: len(received) == 1)
        began = time.monotonic()
        while get(own.gateway.url + "/healthz").status == 200:
            assert time.monotonic() - began < 10
            time.sleep(0.1)
        assert time.monotonic() - began > 3, "given up too soon"
        asker.join()
        assert not answers[0].complete
        assert ask(own.gateway).status == 503
    wait_well(own.gateway)
    assert len(own.gateway.decisions()) == 1
    assert ask(own.gateway).status == 200


def test_gateway_answers_while_the_ledger_is_held(own: Pair) -> None:
    """Waiting for another process stops no one but those who wait for their record.

    They have their answer once it lets go.
    """
    with held(own.gateway.home):
        asker = threading.Thread(target=ask, args=(own.gateway,))
        asker.start()
        own.upstream.wait_for(lambda received: len(received) == 1)
        for _ in range(5):
            began = time.monotonic()
            assert get(own.gateway.url + "/v1/models").status == 200
            assert time.monotonic() - began < 0.5
        assert asker.is_alive()
    asker.join()
    assert own.gateway.decisions(1)[0]["status"] == 200


def test_no_connection_is_left_behind(own: Pair) -> None:
    """Answers that fail with the ledger give their upstream connections up."""
    ask(own.gateway)
    sockets = _sockets(own.gateway)
    own.answer_with(Answer(text="a", first_byte_after=0.3))
    askers = [threading.Thread(target=ask, args=(own.gateway,)) for _ in range(10)]
    for asker in askers:
        asker.start()
    own.upstream.wait_for(lambda received: len(received) == 11)
    with full_disk(own.gateway):
        for asker in askers:
            asker.join()
    wait_well(own.gateway)
    assert len(own.gateway.decisions()) == 11
    end = time.monotonic() + 5
    while _sockets(own.gateway) > sockets:
        assert time.monotonic() < end
        time.sleep(0.05)


def _sockets(gateway: Gateway) -> int:
    links = Path(f"/proc/{gateway.process.pid}/fd").iterdir()
    return sum(1 for link in links if _target(link).startswith("socket:"))


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""  # closed while we looked


def test_damaged_ledger_is_refused_at_the_start(tmp_path: Path) -> None:
    """A file that is no ledger stops the start with a line that names it."""
    path = tmp_path / LEDGER
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a ledger" * 1000)
    (tmp_path / "rolecall.toml").write_text(STACK.format(base_url="http://127.0.0.1:9/v1"))
    ended = run_rolecall(tmp_path, "up", "--port", "0")
    assert ended.returncode == 1
    assert str(path) in ended.stderr.replace("\n", "")
    assert "Traceback" not in ended.stderr
