"""What mining costs beside the tests themselves: `python -m benchmarks.mining [COMMITS]`.

Two synthetic histories in which every commit is a task. One of COMMITS (1,000) with a test that
takes almost no time: what is left is mining itself. One of a few commits with a test of 2 s: what
mining adds to it. The reference of the same run is the time that tests took, one after the other.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rolecall.trials.judging.execute import Done, plain
from rolecall.trials.mining.mine import Ask, mine

_WORKERS = 2
_SLOW_COMMITS = 8
_SECONDS = 2.0


def main() -> None:
    commits = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        fixed = measured(Path(folder) / "quick", commits, 0.0)
        slow = measured(Path(folder) / "slow", _SLOW_COMMITS, _SECONDS)
    runs = slow.runs / _SLOW_COMMITS
    share = fixed.overhead / commits / (runs * _SECONDS)
    print(f"{_SECONDS:.0f} s of tests, {runs:.1f} runs for a task: {share:.1%} by the fixed cost")


class Clock:
    """Runs commands, and adds up how many there were and what they took."""

    def __init__(self) -> None:
        self.runs, self.seconds = 0, 0.0
        self._lock = threading.Lock()

    def __call__(
        self, command: Sequence[str], tree: Path, *, seconds: float, environ: Mapping[str, str]
    ) -> Done:
        began = time.perf_counter()
        done = plain(command, tree, seconds=seconds, environ=environ)
        with self._lock:
            self.runs += 1
            self.seconds += time.perf_counter() - began
        return done


class Measured:
    """`overhead` is the time of all workers that was not spent in tests."""

    def __init__(self, clock: Clock, took: float) -> None:
        self.runs = clock.runs
        self.overhead = took * _WORKERS - clock.seconds


def measured(folder: Path, commits: int, seconds: float) -> Measured:
    repository = folder / "shop"
    write(repository, commits, seconds)
    ask = Ask(
        repository=repository,
        data=folder / "data",
        environ=dict(os.environ),
        runner="command",
        command=("sh", "tests/check.sh"),
        most=commits + 1,
        workers=_WORKERS,
    )
    clock = Clock()
    began = time.perf_counter()
    found = mine(ask, lambda _over: clock, lambda _text: {}, lambda _done, _total: None)
    took = time.perf_counter() - began
    if found.kept != commits:
        sys.exit(f"{found.kept} of {commits} commits were kept: {found.dropped}")
    one = Measured(clock, took)
    print(
        f"{commits:,} commits, tests of {seconds:.0f} s: {took:.1f} s on {_WORKERS} workers, "
        f"{clock.runs:,} runs took {clock.seconds:.1f} s; beside them "
        f"{one.overhead / commits * 1000:.0f} ms a commit ({one.overhead / clock.seconds:.1%})"
    )
    again = time.perf_counter()
    mine(ask, lambda _over: clock, lambda _text: {}, lambda _done, _total: None)
    print(f"  a second time: {time.perf_counter() - again:.2f} s, nothing is replayed")
    return one


def write(folder: Path, commits: int, seconds: float) -> None:
    """A history as `git fast-import` takes it; 200 more files make the tree one of real size."""
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    stream = b"".join(history(commits, seconds))
    command = ["git", "-C", str(folder), "fast-import", "--quiet"]
    subprocess.run(command, input=stream, check=True)
    subprocess.run(["git", "-C", str(folder), "reset", "--quiet", "--hard", "trunk"], check=True)


def history(commits: int, seconds: float) -> Iterator[bytes]:
    yield commit(0, "Begin with nothing in it", {f"lib/part{n}.sh": "x\n" * 50 for n in range(200)})
    for number in range(1, commits + 1):
        check = f'sleep {seconds}\n. ./shop.sh\n[ "$VALUE" = {number} ]\n'
        files = {"shop.sh": f"VALUE={number}\n", "tests/check.sh": check}
        yield commit(number, f"Make the value number {number}", files)


def commit(number: int, message: str, files: Mapping[str, str]) -> bytes:
    lines = [
        "commit refs/heads/trunk",
        f"committer Ada <ada@example.org> {1_700_000_000 + number} +0000",
        f"data {len(message)}\n{message}",
    ]
    for name, text in files.items():
        lines.append(f"M 100644 inline {name}\ndata {len(text)}\n{text}")
    return ("\n".join(lines) + "\n").encode()


if __name__ == "__main__":
    main()
