"""How long an audit of many logs takes, and how much memory: `python -m benchmarks.auditing [MB]`.

Writes sessions in the form of Claude Code's logs, with tool results of the sizes that are usual
there, and audits them: all, then five times what is new (nothing). Memory is the peak of all
processes together, sampled; what they share counts in parts (PSS). The reference of the same run is
`json.loads` over every line, on one core.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

_CALLS = 40
_TURNS = 10
_AGAIN = 5


class Took(Struct, frozen=True):
    """Seconds by the clock and of all processors, and the most memory, of an audit."""

    wall: float
    cpu: float
    megabytes: float


class Peak(Struct):
    """The most memory that was seen, in MB."""

    megabytes: float = 0.0


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        written = write(home, size * 1_000_000)
        print(f"{written / 1e6:,.0f} MB of logs")
        reference = parse_all(home)
        print(f"json.loads over every line, one core: {reference:.1f} s")
        told("audit, all", audit(home), reference)
        for _ in range(_AGAIN):
            told("audit, again", audit(home), reference)


def told(what: str, took: Took, reference: float) -> None:
    print(
        f"{what}: {took.wall:.2f} s ({took.wall / reference:.2f} of it), "
        f"{took.cpu:.2f} s of processor time, {took.megabytes:.0f} MB at most"
    )


def write(home: Path, size: int) -> int:
    folder = home / ".claude/projects/-home-ada-shop"
    folder.mkdir(parents=True)
    written = number = 0
    while written < size:
        text = "".join(session(number))
        (folder / f"{number:06}.jsonl").write_text(text)
        written += len(text)
        number += 1
    return written


def session(number: int) -> Iterator[str]:
    name = f"{number:06}"
    for turn in range(_TURNS):
        words = f"Implement step {turn} of the plan for module {number}, and run the tests."
        yield line(name, turn, 0, "user", {"role": "user", "content": words})
        for call in range(_CALLS // _TURNS):
            yield from exchange(name, turn, call)


def exchange(name: str, turn: int, call: int) -> Iterator[str]:
    """An answer in two lines, and the result of its tool."""
    id_ = f"msg_{name}_{turn}_{call}"
    usage = {
        "input_tokens": 12,
        "output_tokens": 400,
        "cache_read_input_tokens": 30_000 + 1000 * turn,
        "cache_creation_input_tokens": 900,
    }
    tool = {"type": "tool_use", "id": f"toolu_{id_}", "name": "Read", "input": {"path": "a.py"}}
    for block in ({"type": "text", "text": "I look at it. " * 20}, tool):
        message = {"id": id_, "role": "assistant", "model": "claude-sonnet-5-5"}
        told = message | {"content": [block], "usage": usage}
        yield line(name, turn, call, "assistant", told, requestId=id_)
    result = {"type": "tool_result", "tool_use_id": f"toolu_{id_}", "content": "x = 1\\n" * 1500}
    yield line(name, turn, call, "user", {"role": "user", "content": [result]})


def line(name: str, turn: int, call: int, sort: str, message: object, **more: str) -> str:
    told = {
        "type": sort,
        "timestamp": f"2026-11-{1 + int(name) % 20:02}T{turn:02}:{call:02}:00Z",
        "sessionId": name,
        "cwd": "/home/ada/shop",
        "message": message,
        **more,
    }
    return json.dumps(told) + "\n"


def parse_all(home: Path) -> float:
    began = time.perf_counter()
    for path in sorted(home.rglob("*.jsonl")):
        with path.open("rb") as file:
            for text in file:
                json.loads(text)
    return time.perf_counter() - began


def audit(home: Path) -> Took:
    command = [str(Path(sys.executable).with_name("rolecall")), "audit", "--since", "all"]
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    before, began = os.times(), time.perf_counter()
    with (
        subprocess.Popen(command, env=env, cwd=home, stdout=subprocess.DEVNULL) as process,
        watched(process.pid) as peak,
    ):
        code = process.wait()
    wall, after = time.perf_counter() - began, os.times()
    if code:
        sys.exit(f"rolecall audit ended with {code}")
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return Took(wall, cpu, peak.megabytes)


@contextmanager
def watched(pid: int) -> Iterator[Peak]:
    """Sample the memory of a process and its children; what they share counts in parts (PSS)."""
    peak, over = Peak(), threading.Event()

    def sample() -> None:
        while not over.wait(0.1):
            peak.megabytes = max(peak.megabytes, sum(map(memory, family(pid))))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def family(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            text = Path(f"/proc/{one}/task/{one}/children").read_text()
        except OSError:
            continue
        found += map(int, text.split())
    return found


def memory(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    lines = (row.split() for row in text.splitlines() if row.startswith("Pss:"))
    return sum(int(parts[1]) for parts in lines) / 1024


if __name__ == "__main__":
    main()
