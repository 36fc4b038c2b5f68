"""What a translation costs: a request of 60 kB into another dialect, and each chunk of its answer.

Usage: python -m benchmarks.translation [--through]; see README.md. The reference, on the same bytes
in the same run, is decoding the body and encoding it again. With `--through` a running gateway is
asked, one request at a time, natively and translated, beside the provider itself.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from collections.abc import Callable

import msgspec

from benchmarks import processes
from benchmarks.bodies import SIZES, body
from benchmarks.load import Load
from rolecall.types import MAIN_DIALECTS, Dialect
from rolecall.wire.translate.conversation import Goal
from rolecall.wire.translate.interpreter import Interpreter
from rolecall.wire.translate.names import Names
from rolecall.wire.translate.table import HEARD, SPOKEN, Client, understood, written

_ROUNDS = 200
_CHUNKS = 500
_GOAL = Goal(model="m", maker="p/m")
_CLIENT = Client(model="m", counted=True, created=0)


def main() -> None:
    """Print medians of the processor's time, or of what a client waits."""
    if "--through" in sys.argv[1:]:
        _through()
        return
    print("| from | into | 60 kB request | decode and encode | ratio | a chunk |")
    print("|---|---|---|---|---|---|")
    for source, target in itertools.permutations(MAIN_DIALECTS, 2):
        ours, reference = _request(source, target)
        chunk = _chunk(target, source)
        ratio = f"{ours / reference:.1f}"
        print(
            f"| {source} | {target} | {ours * 1e3:.2f} ms | {reference * 1e3:.2f} ms | {ratio} "
            f"| {chunk * 1e6:.0f} µs |"
        )


def _through() -> None:
    """What a gateway adds to the provider's own answer to 60 kB, whole."""
    print("| client | provider | p50, added | native, added |")
    print("|---|---|---|---|")
    for source, target in itertools.permutations(MAIN_DIALECTS, 2):
        with processes.upstream() as provider:
            direct = _p50(provider, source)
            with processes.rolecall(provider, dialects=[target]) as translated:
                there = _p50(translated, source)
            with processes.rolecall(provider, dialects=[source]) as native:
                here = _p50(native, source)
        print(
            f"| {source} | {target} | {(there - direct) / 1e3:.2f} ms "
            f"| {(here - direct) / 1e3:.2f} ms |"
        )


def _p50(target: processes.Target, dialect: Dialect) -> float:
    """Microseconds."""
    load = Load(
        port=target.port, dialect=dialect, size="60k", answer="json", connections=1, seconds=2.0
    )
    return processes.run_load(load).p50


def _request(source: Dialect, target: Dialect) -> tuple[float, float]:
    before, after = body(source, SIZES["60k"], stream=True)
    data = before + b"000000001" + after
    ours = _median(lambda: written(understood(source, data), target, _GOAL))
    return ours, _median(lambda: msgspec.json.encode(msgspec.json.decode(data)))


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return statistics.median(times)


def _chunk(spoken: Dialect, client: Dialect) -> float:
    """Seconds of processor for one event of a long text, which comes alone."""
    parts = _stream(spoken)
    interpreter = Interpreter(spoken, client, maker="p/m", names=Names(()), client=_CLIENT)
    began = time.process_time()
    for part in parts:
        interpreter.feed(part)
    return (time.process_time() - began) / len(parts)


def _stream(spoken: Dialect) -> list[bytes]:
    """A text in many pieces, as a provider of this dialect streams it."""
    writer = HEARD[spoken].writer(_CLIENT)
    found = SPOKEN["openai.chat"].reader("p/m")
    chunks = [
        msgspec.json.encode(
            {"id": "a", "model": "m", "choices": [{"delta": {"content": f"word{n} "}}]}
        )
        for n in range(_CHUNKS)
    ]
    return [writer.event(event) for chunk in chunks for event in found.event(chunk)]


if __name__ == "__main__":
    main()
