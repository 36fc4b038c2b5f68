"""Many requests through one gateway, with an eye on its memory.

Documents and streams take turns, and every request begins a conversation of its own, so that
whatever is kept per conversation shows.

Usage: python -m benchmarks.soak [--requests N] [--json FILE]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import linear_regression

import msgspec
from msgspec import Struct

from benchmarks import processes
from benchmarks.bodies import PATHS, SIZES
from benchmarks.load import Load
from benchmarks.processes import Target

_PARTS = 50
"""Samples of memory over a run."""
_LONGEST_PART = 120.0
"""Seconds after which a part sends no more, whatever is left of it."""
_CONNECTIONS = 32


class Sample(Struct, frozen=True, kw_only=True):
    requests: int
    megabytes: float
    failures: int


class Options(argparse.Namespace):
    requests: int
    size: str
    dialect: str
    warm_up: int
    json: Path | None


def main() -> None:
    options = _options()
    with processes.upstream() as provider, processes.rolecall(provider) as target:
        samples = _soak(target, options)
    print(text(samples, options.warm_up))
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(samples)))
    if any(sample.failures for sample in samples):
        sys.exit(1)


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.soak")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--size", default="2k", choices=list(SIZES))
    parser.add_argument("--dialect", default="anthropic.messages", choices=list(PATHS))
    parser.add_argument(
        "--warm-up",
        type=int,
        default=20_000,
        metavar="N",
        help="requests before the slope is taken; caches of bounded size fill meanwhile",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every sample there")
    return parser.parse_args(namespace=Options())


def _soak(target: Target, options: Options) -> list[Sample]:
    samples = [Sample(requests=0, megabytes=target.idle, failures=0)]
    each = max(options.requests // _PARTS, 1)
    for part in range(_PARTS):
        load = Load(
            port=target.port,
            dialect=options.dialect,
            size=options.size,
            answer=("json", "burst")[part % 2],
            connections=_CONNECTIONS,
            seconds=_LONGEST_PART,
            requests=each,
            first=part * each,
        )
        result = processes.run_load(load)
        sample = Sample(
            requests=samples[-1].requests + result.requests,
            megabytes=processes.memory(target.pid),
            failures=result.failures,
        )
        samples.append(sample)
        progress = f"\r{sample.requests} requests, {sample.megabytes:.1f} MB"
        print(progress, end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return samples


def text(samples: Sequence[Sample], warm_up: int) -> str:
    """Memory at both ends, its slope after the warm-up, and what failed."""
    steady = [sample for sample in samples if sample.requests >= warm_up]
    slope = float("nan")
    if len(steady) > 1:
        found = linear_regression([s.requests for s in steady], [s.megabytes for s in steady])
        slope = found.slope * 10_000
    peak = max(sample.megabytes for sample in samples)
    return "\n".join(
        (
            f"requests             {samples[-1].requests}",
            f"failures             {sum(sample.failures for sample in samples)}",
            f"MB at the start      {samples[0].megabytes:.1f}",
            f"MB at the end        {samples[-1].megabytes:.1f} (at most {peak:.1f})",
            f"MB per 10,000 after {warm_up:,} requests: {slope:+.2f}",
        )
    )


if __name__ == "__main__":
    main()
