"""What it costs to look for what is private: cold, with one step more, and the same again.

The conversation is of a coding agent that reads source files (those of Python's own library), some
600 kB of them; all rules are on: secrets, paths, a term. `kingfisher` is that scanner alone on the
same bytes, taken in the same run, to read the others by. `cpu` is processor time, which other work
on the machine moves less than the time that passed.

Then a gateway's loop: the longest that a timer of 1 ms came late while conversations never seen
before are looked at, one after another, as the gateway does it.

Usage: python -m benchmarks.privacy [--repeats N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from kingfisher_sdk import Rules as Kingfisher
from kingfisher_sdk import Scanner
from msgspec import Raw

from rolecall.gateway.guard import workers
from rolecall.privacy.policy import Policy
from rolecall.privacy.scan import Scans
from rolecall.privacy.secrets import SecretScanner
from rolecall.types import PrivacyRule, Rules

_RULES = Rules(
    rules=(
        PrivacyRule(name="paths", zones=("local",), paths=("infra/prod/**", "*.pem")),
        PrivacyRule(name="secrets", zones=("local",), secrets=True),
        PrivacyRule(name="term", zones=("local",), terms=("Project Falcon",)),
    )
)
_HEADERS = Raw(b'["user-agent: bench/1"]')
_FILE = 4_500
_SIZE = 600_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.privacy")
    parser.add_argument("--repeats", type=int, default=40)
    repeats: int = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        policy = Policy(_RULES, SecretScanner(folder))
        alone = Scanner(Kingfisher(cache_dir=folder))
        print("| 600 kB | median | least | cpu, median |")
        print("|---|---|---|---|")
        for name, times in measured(policy, alone, repeats).items():
            took, cpu = zip(*times, strict=True)
            row = (statistics.median(took), min(took), statistics.median(cpu))
            print(f"| {name} | {' | '.join(f'{value * 1e3:.2f} ms' for value in row)} |")
        print("\n| how late the loop wakes up | median | 99 % | most |")
        print("|---|---|---|---|")
        print(f"| nothing to look at | {asyncio.run(late(policy, 0))} |")
        print(f"| new conversations, one after another | {asyncio.run(late(policy, repeats))} |")


def measured(policy: Policy, alone: Scanner, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds passed and seconds of processor, of each repeat."""
    scans = Scans(policy)
    found: dict[str, list[tuple[float, float]]] = {
        name: [] for name in ("cold", "2 kB more", "the same again", "kingfisher")
    }
    for number, said in enumerate(conversations(repeats)):
        body = msgspec.json.encode({"model": "m", "messages": said})
        longer = msgspec.json.encode({"model": "m", "messages": [*said, *_STEP]})

        def look(body: bytes, thread: str = str(number)) -> None:
            scans.look(scans.take_apart(thread, body, _HEADERS))

        found["kingfisher"].append(_timed(alone.scan, body))
        found["cold"].append(_timed(look, body))
        found["2 kB more"].append(_timed(look, longer))
        found["the same again"].append(_timed(look, longer))
    return found


async def late(policy: Policy, repeats: int) -> str:
    """How late the loop wakes up while threads look at new conversations."""
    scans, loop = Scans(policy), asyncio.get_running_loop()
    worst: list[float] = []
    bodies = [msgspec.json.encode({"messages": said}) for said in conversations(repeats)]

    async def ticks() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            worst.append(time.perf_counter() - before - 0.001)

    def look(number: int) -> None:
        scans.look(scans.take_apart(str(number), bodies[number], _HEADERS))

    ticking = asyncio.create_task(ticks())
    with workers() as threads:
        await asyncio.gather(*(loop.run_in_executor(threads, look, n) for n in range(repeats)))
        await asyncio.sleep(0.0 if repeats else 1.0)
    ticking.cancel()
    cuts = statistics.quantiles(worst, n=100)
    return " | ".join(f"{value * 1e3:.1f} ms" for value in (cuts[49], cuts[98], max(worst)))


def conversations(count: int) -> Iterator[list[dict[str, Any]]]:
    """Tool calls that read source files, other parts of them in each conversation."""
    library = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(library.glob("*.py"))
    text = "".join(file.read_text("utf-8", "replace") for file in files)
    for number in range(count):
        at = number * 37_000 % (len(text) - _SIZE)
        yield list(_conversation(text[at : at + _SIZE], number))


def _conversation(text: str, number: int) -> Iterator[dict[str, Any]]:
    yield {"role": "user", "content": f"Task {number}: find out why the test fails."}
    for at in range(0, len(text) * 9 // 10, _FILE):
        yield _call(f"c{at}")
        yield {"role": "tool", "tool_call_id": f"c{at}", "content": text[at : at + _FILE]}


def _call(name: str) -> dict[str, Any]:
    function = {"name": "read", "arguments": json.dumps({"path": "src/cache.py"})}
    call = {"id": name, "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


_STEP = [
    _call("new"),
    {"role": "tool", "tool_call_id": "new", "content": "ok " + "line of output\n" * 130},
]


def _timed(run: Callable[[bytes], object], body: bytes) -> tuple[float, float]:
    began, used = time.perf_counter(), time.process_time()
    run(body)
    return time.perf_counter() - began, time.process_time() - used


if __name__ == "__main__":
    main()
