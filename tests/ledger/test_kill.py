"""What a client saw complete is in the ledger, whatever happens to the gateway."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from gateway.test_forwarding import PATHS, body_for
from support.answers import say
from support.gateway import STACK, Gateway, start_gateway
from support.http import post
from support.upstream import Upstream

ENDS = {
    "openai.chat": b"[DONE]",
    "openai.responses": b"response.completed",
    "anthropic.messages": b"message_stop",
}
"""What a client of each dialect takes for the end of a stream."""


def ask_until_dead(gateway: Gateway, dialect: str, stream: bool, seen: list[str]) -> None:
    """Ask again and again, and keep the id of each answer whose end was seen."""
    while True:
        try:
            got = post(gateway.url + PATHS[dialect], body_for(dialect, stream=stream))
        except OSError:
            return
        ended = ENDS[dialect] in got.body if stream else got.complete
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
                    threading.Thread(target=ask_until_dead, args=(gateway, dialect, stream, seen))
                    for dialect in PATHS
                    for stream in (False, True, True)
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
