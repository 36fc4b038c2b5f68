"""The leak suite seen from outside: no packet of it leaves the machine."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from privacy.leaks import CANARY
from support import outside
from support.upstream import Upstream

_TESTS = Path(__file__).parents[1]


def test_no_packet_of_a_private_request_leaves_the_machine(tmp_path: Path) -> None:
    """All cases in a row, in a network namespace with a capture on its only way out.

    Then an ordinary request, and without the rule a private one: both must be seen.
    """
    outside.require()
    with outside.namespace() as there, Upstream(host=there.address) as out:
        process = subprocess.Popen(
            there.command(sys.executable, "-m", "privacy.inside", str(tmp_path), out.base_url),
            cwd=_TESTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                _until(process, "private")
                assert there.packets() == []
                _go_on(process, "ordinary")
                _wait(lambda: bool(there.packets()))
                assert {where for where, _ in there.packets()} == {there.address}
                assert not any(CANARY.encode() in packet for _, packet in there.packets())
                _go_on(process, "open")
                _wait(lambda: any(CANARY.encode() in one for _, one in there.packets()))
            finally:
                process.communicate("\n", timeout=30)
    assert process.returncode == 0


def _go_on(process: subprocess.Popen[str], part: str) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    _until(process, part)


def _until(process: subprocess.Popen[str], part: str) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == f"{part}\n"
    time.sleep(0.3)  # for what may still be on its way


def _wait(seen: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not seen():
        assert time.monotonic() < end, "the capture saw nothing"
        time.sleep(0.05)
