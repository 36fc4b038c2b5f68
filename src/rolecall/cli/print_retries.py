"""What the same model asked again comes to, in words and in a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rolecall.measure.paired import Difference
from rolecall.measure.retries import Comparison, Trials, luck

_HEAD = ("scaffold", "cascade", "solved", "retry of first", "of second", "gain", "at list price")


def retry_lines(trials: Trials, found: Sequence[Comparison]) -> Iterator[str]:
    """One line for each cascade, and what can be said of all."""
    rows = [_HEAD, *map(_row, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
    yield ""
    yield f"over the better retry: {_shown([one.gain for one in found])}"
    priced = [one.at_list_price for one in found if one.at_list_price is not None]
    yield f"over retries at the same list price: {_shown(priced)}"
    shares = luck(trials).values()
    yield (
        f"run-to-run luck: of {len(shares)} submissions {min(shares):.0%} to {max(shares):.0%} of "
        f"{len(trials.tasks)} tasks are solved in some runs and not in others"
    )


def _row(one: Comparison) -> tuple[str, ...]:
    price = "" if one.at_list_price is None else _points(one.at_list_price)
    first, second = one.retries
    return (
        one.scaffold,
        " then ".join(name.rpartition("_")[2] for name in one.cascade),
        f"{one.solved:.1%}",
        f"{first:.1%}",
        f"{second:.1%}",
        _points(one.gain),
        price,
    )


def _points(found: Difference) -> str:
    return f"{found.mean * 100 + 0.0:+.1f} (above {found.lower * 100 + 0.0:+.1f})"


def _shown(found: Sequence[Difference]) -> str:
    shown = sum(one.lower > 0 for one in found)
    if not shown:
        return f"a gain cannot be shown for any of {len(found)} cascades (one-sided 95 %)"
    return f"a gain is shown for {shown} of {len(found)} cascades (one-sided 95 %)"
