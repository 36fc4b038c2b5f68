"""What it costs to recognise a request: cold, with one step more, and the same again.

For each size a conversation is read as the gateway reads it (parse, rules, trajectory, words), by
a recogniser that has never seen it; then with one tool call and its result appended, which is how
the next request of a loop comes. `parse` alone is the JSON, which every gateway that reads must
pay. The words of each conversation differ, so that no reading of a turn is remembered.

Usage: python -m benchmarks.recognition [--repeats N]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from benchmarks.bodies import SIZES, body
from rolecall.gateway.intake import understand
from rolecall.gateway.paths import Target
from rolecall.routing.kinds import KindReader, load_weights
from rolecall.routing.ngrams import load_cues
from rolecall.routing.rules import load_rules
from rolecall.routing.signals import Recogniser, recogniser
from rolecall.types import DIALECTS, Dialect
from rolecall.wire.dialects import WIRES

_RESULT = "ok " + "line of output\n" * 130
"""About 2 kB: what one more step of a loop brings."""
_WRITTEN = Path(__file__).parents[1] / "training" / "written"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.recognition")
    parser.add_argument("--repeats", type=int, default=60)
    repeats: int = parser.parse_args().repeats
    print("| body | dialect | parse | cold | one step more | the same again |")
    print("|---|---|---|---|---|---|")
    for size in SIZES:
        for dialect in DIALECTS:
            parse, cold, more, again = measured(dialect, size, repeats)
            print(f"| {size} | {dialect} | {parse} µs | {cold} µs | {more} µs | {again} µs |")
    print()
    print("| reading the words of a turn | median | 95 % below |")
    print("|---|---|---|")
    for name, times in words_measured(repeats):
        cuts = statistics.quantiles(times, n=20)
        print(f"| {name} | {cuts[9]:.0f} µs | {cuts[18]:.0f} µs |")


def measured(dialect: Dialect, size: str, repeats: int) -> tuple[int, ...]:
    """Medians in µs: parse, cold, one step more, the same again."""
    before, after = body(dialect, SIZES[size], stream=True)
    warm = recogniser(load_rules())
    rounds: list[tuple[float, ...]] = []
    for number in range(repeats):
        first = b"%s%09d%s" % (before, number, after)
        longer = _with_step(first, dialect)
        parse = _timed(partial(WIRES[dialect].parse, first))
        cold = _timed(partial(_understood, dialect, first, warm))
        more = _timed(partial(_understood, dialect, longer, warm))
        again = _timed(partial(_understood, dialect, longer, warm))
        rounds.append((parse, cold, more, again))
    return tuple(round(statistics.median(column)) for column in zip(*rounds, strict=True))


def words_measured(repeats: int) -> Iterator[tuple[str, list[float]]]:
    """Times in µs to read each prompt of `training/written`."""
    prompts = [line for file in sorted(_WRITTEN.glob("*.txt")) for line in file.open()]
    reader = KindReader(load_weights(), load_cues())
    yield "words never met before", [_timed(partial(reader.read, text)) for text in prompts]
    met: list[float] = []
    again: list[float] = []
    for number in range(max(1, repeats // 20)):
        for text in prompts:
            read = partial(reader.read, f"{text}{' ' * (number + 1)}")
            met.append(_timed(read))
            again.append(_timed(read))
    yield "words met before", met
    yield "the same turn again", again


def _understood(dialect: Dialect, raw: bytes, by: Recogniser) -> None:
    understand(Target(dialect), None, {"user-agent": "bench/1"}, raw, by)


def _timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) * 1e6


def _with_step(raw: bytes, dialect: Dialect) -> bytes:
    """The same conversation after one more tool call."""
    found = msgspec.json.decode(raw)
    key = "input" if dialect == "openai.responses" else "messages"
    found[key] += _STEPS[dialect]
    return msgspec.json.encode(found)


_FUNCTION = {"name": "tool_1", "arguments": "{}"}
_STEPS: dict[Dialect, list[dict[str, object]]] = {
    "openai.chat": [
        {
            "role": "assistant",
            "tool_calls": [{"id": "new", "type": "function", "function": _FUNCTION}],
        },
        {"role": "tool", "tool_call_id": "new", "content": _RESULT},
    ],
    "openai.responses": [
        {"type": "function_call", "call_id": "new", **_FUNCTION},
        {"type": "function_call_output", "call_id": "new", "output": _RESULT},
    ],
    "anthropic.messages": [
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "new", "name": "tool_1", "input": {}}],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "new", "content": _RESULT}],
        },
    ],
}


if __name__ == "__main__":
    main()
