"""Measure rolecall beside a bare forwarder and beside no gateway at all, in turns.

Usage: python -m benchmarks.gateway [--rounds N] [--json FILE]; see README.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks import processes, table
from benchmarks.bodies import PATHS, SIZES
from benchmarks.load import Load
from benchmarks.processes import Target
from benchmarks.table import Sample
from benchmarks.upstream import BURST, PACED

_PACED_STREAMS = 24


class Test(Struct, frozen=True, kw_only=True):
    """One kind of load. `share` of the seconds of a round; `requests` ends it sooner."""

    name: str
    answer: str
    connections: int
    chunks: int = 0
    share: float = 1.0
    requests: int = 0
    sizes: tuple[str, ...] = tuple(SIZES)


TESTS = (
    Test(name="c1", answer="json", connections=1, share=0.6),
    Test(name="c32", answer="json", connections=32),
    Test(name="burst", answer="burst", connections=1, chunks=BURST, share=0.6),
    Test(
        name="paced",
        answer="paced",
        connections=_PACED_STREAMS,
        chunks=PACED,
        requests=_PACED_STREAMS,
        sizes=("60k",),
    ),
)


def main() -> None:
    options = _options()
    cases = [
        (dialect, size, test)
        for dialect in options.dialects
        for size in options.sizes
        for test in TESTS
        if size in test.sizes
    ]
    with ExitStack() as stack:
        targets = _start(stack)
        for dialect in options.dialects:
            _compare(targets, dialect)
        samples = [
            sample
            for number in range(options.rounds)
            for sample in _round(targets, cases, number, options.seconds)
        ]
        report = table.Report(targets=tuple(targets), samples=tuple(samples))
    print(table.text(report))
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))


class Options(argparse.Namespace):
    rounds: int
    seconds: float
    dialects: list[str]
    sizes: list[str]
    json: Path | None


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.gateway")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each load (default 0.5)")
    parser.add_argument("--dialects", nargs="+", default=list(PATHS), choices=list(PATHS))
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every sample there")
    return parser.parse_args(namespace=Options())


def _start(stack: ExitStack) -> list[Target]:
    """All at once, since they idle while another is asked; the order is that of the table."""
    direct = stack.enter_context(processes.upstream())
    reference = stack.enter_context(processes.reference(direct))
    return [direct, reference, stack.enter_context(processes.rolecall(direct))]


def _compare(targets: Sequence[Target], dialect: str) -> None:
    """Speed is worth nothing where the answer is not the provider's, byte for byte."""
    for answer in ("json", "burst"):
        expected = processes.ask(targets[0].port, dialect, "60k", answer)
        for target in targets[1:]:
            if processes.ask(target.port, dialect, "60k", answer) != expected:
                sys.exit(f"{target.name} answers {dialect} ({answer}) otherwise than its provider")


def _round(
    targets: Sequence[Target],
    cases: Sequence[tuple[str, str, Test]],
    number: int,
    seconds: float,
) -> Iterator[Sample]:
    """Every case once for every target. Who comes first changes from round to round."""
    shift = number % len(targets)
    order = [*targets[shift:], *targets[:shift]]
    for position, (dialect, size, test) in enumerate(cases, start=1):
        print(f"\rround {number + 1}: {position}/{len(cases)}", end="", file=sys.stderr, flush=True)
        for target in order:
            yield _measure(target, dialect, size, test, number=number, seconds=seconds)
    print(file=sys.stderr)


def _measure(
    target: Target, dialect: str, size: str, test: Test, *, number: int, seconds: float
) -> Sample:
    load = Load(
        port=target.port,
        dialect=dialect,
        size=size,
        answer=test.answer,
        connections=test.connections,
        seconds=seconds * test.share,
        requests=test.requests,
        first=number * 1_000_000,
    )
    before = processes.cpu(target.pid)
    result = processes.run_load(load)
    used = processes.cpu(target.pid) - before
    return Sample(
        target=target.name,
        dialect=dialect,
        size=size,
        test=test.name,
        round=number,
        cpu=used / max(result.requests, 1),
        chunks=test.chunks,
        result=result,
    )


if __name__ == "__main__":
    main()
