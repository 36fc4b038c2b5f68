"""What a trial has shown, drawn: task by task, with intervals, and cost against success."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rolecall.audit.charts import PALETTE, altair
from rolecall.measure.contrasts import Figures, Spread
from rolecall.measure.pairs import Pair
from rolecall.measure.verdicts import Found

_WIDTH = 720
_ROW = 22
_MOST = 60
"""Tasks that the paired plot shows; those on which both did alike are left out first."""
_FAINT = "#8c8c8c"


def paired(first: str, other: str, found: Sequence[Pair]) -> Any:
    """For each task the share that each solved, joined by a line; the largest losses on top."""
    alt = altair()
    told = [row for one in _shown(found) for row in _rows(first, other, one)]
    order = list(dict.fromkeys(row["task"] for row in told))
    data = alt.Chart(alt.Data(values=told), width=_WIDTH - 160, height=_ROW * max(len(order), 1))
    y = alt.Y("task:N", sort=order, title=None, axis=alt.Axis(labelLimit=150))
    x = alt.X("solved:Q", title="share of runs that solved it", scale=alt.Scale(domain=[0, 1]))
    names = alt.Scale(domain=[first, other], range=list(PALETTE[:2]))
    lines = data.mark_line(color=_FAINT, strokeWidth=1).encode(y=y, x=x, detail="task:N")
    points = data.mark_point(filled=True, size=70, opacity=0.9).encode(
        y=y,
        x=x,
        color=alt.Color("arm:N", title=None, scale=names),
        shape=alt.Shape("arm:N", title=None, scale=alt.Scale(domain=[first, other])),
    )
    return alt.layer(lines, points)


def _shown(found: Sequence[Pair]) -> list[Pair]:
    apart = sorted(found, key=lambda one: (one.gain == 0, one.gain, one.task))
    return apart[:_MOST]


def _rows(first: str, other: str, one: Pair) -> Iterator[dict[str, Any]]:
    yield {"task": one.task, "arm": first, "solved": one.first.solved}
    yield {"task": one.task, "arm": other, "solved": one.other.solved}


def intervals(found: Found) -> Any:
    """Points gained over the first, with the interval of this look (thick) and of all (thin)."""
    alt = altair()
    contrasts = [one.contrast for one in found.verdicts]
    if found.control is not None:
        contrasts.append(found.control)
    rows = [
        _interval(f"{one.arm.name}{f', {one.kind}' if one.kind else ''}", one.figures)
        for one in contrasts
        if one.figures is not None
    ]
    order = [row["arm"] for row in rows]
    data = alt.Chart(alt.Data(values=rows), width=_WIDTH - 220, height=_ROW * max(len(rows), 1))
    y = alt.Y("arm:N", sort=order, title=None, axis=alt.Axis(labelLimit=210))
    x = alt.X("low:Q", title=f"points of success over {found.first}")
    margin = alt.Chart(alt.Data(values=[{"x": 0}, {"x": -100 * found.margin}]))
    return alt.layer(
        margin.mark_rule(color=_FAINT, strokeDash=[4, 3]).encode(x="x:Q"),
        data.mark_rule(strokeWidth=1, color=PALETTE[0]).encode(y=y, x="wide low:Q", x2="wide high"),
        data.mark_rule(strokeWidth=5, color=PALETTE[0]).encode(y=y, x=x, x2="high"),
        data.mark_point(filled=True, size=80, color=PALETTE[5]).encode(y=y, x="mean:Q"),
    )


def _interval(name: str, one: Figures) -> dict[str, Any]:
    return {
        "arm": name,
        "mean": 100 * one.gain.mean,
        "low": 100 * one.gain.interval.low,
        "high": 100 * one.gain.interval.high,
        "wide low": 100 * one.lasting.low,
        "wide high": 100 * one.lasting.high,
    }


def frontier(found: Found) -> Any:
    """What a task costs against how many are solved, with both intervals."""
    alt = altair()
    rows = list(_frontier(found))
    data = alt.Chart(alt.Data(values=rows), width=_WIDTH - 160, height=260)
    x = alt.X("cost:Q", title="USD a task", axis=alt.Axis(format="$.3~f"))
    y = alt.Y("solved:Q", title="solved", axis=alt.Axis(format=".0%"))
    color = alt.Color("arm:N", title=None, scale=alt.Scale(range=list(PALETTE)))
    return alt.layer(
        data.mark_rule().encode(x="cost low:Q", x2="cost high", y=y, color=color),
        data.mark_rule().encode(x=x, y="solved low:Q", y2="solved high", color=color),
        data.mark_point(filled=True, size=90).encode(x=x, y=y, color=color),
    )


def _frontier(found: Found) -> Iterator[dict[str, Any]]:
    """The first once, as it stands beside the first candidate with a price."""
    begun = False
    for one in (verdict.contrast for verdict in found.verdicts):
        told = one.figures
        if one.kind is None and told is not None and told.money is not None:
            if not begun:
                yield _point(found.first, told.money.paid.first, told.solved.first)
            begun = True
            yield _point(one.arm.candidate, told.money.paid.other, told.solved.other)


def _point(name: str, paid: Spread, solved: Spread) -> dict[str, Any]:
    return {
        "arm": name,
        "cost": paid.mean,
        "cost low": paid.interval.low,
        "cost high": paid.interval.high,
        "solved": solved.mean,
        "solved low": solved.interval.low,
        "solved high": solved.interval.high,
    }


def has_prices(found: Found) -> bool:
    return any(_frontier(found))
