"""Charts of the page as Vega-Lite specifications, made with Altair (extra `ui`).

Imported by the drawing process alone: Altair takes half a second and the converter 80 MB, and it
holds the interpreter for 0.1 s a chart, which no request is to wait for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

import altair as alt

from rolecall.audit.charts import PALETTE, svg
from rolecall.dashboard.drawings import Drawing, Frontier, Habits, OverTime

_WIDTH = 720
_MOST = 7
"""Names that have a colour of their own; the rest is `others`."""
_INKS = "<style>:root{color:#1f2328}@media(prefers-color-scheme:dark){:root{color:#f0f6fc}}</style>"
"""An image takes no colour from the page around it."""


def drawn(drawing: Drawing) -> str:
    """A chart as SVG that is readable on light and on dark ground."""
    found = svg(_chart(drawing))
    head, _, rest = found.partition(">")
    return f"{head}>{_INKS}{rest}"


def _chart(drawing: Drawing) -> Any:
    match drawing:
        case OverTime():
            return _over_time(drawing)
        case Frontier():
            return _frontier(drawing)
        case Habits():
            return _habits(drawing)
        case _:
            assert_never(drawing)


def _on(rows: Sequence[Mapping[str, object]], height: int) -> Any:
    data: Any = alt.Data  # it has no types
    return alt.Chart(data(values=list(rows)), width=_WIDTH, height=height)


def _over_time(drawing: OverTime) -> Any:
    totals: dict[str, float] = {}
    for bar in drawing.bars:
        totals[bar.name] = totals.get(bar.name, 0.0) + bar.amount
    names = sorted(totals, key=lambda name: -totals[name])
    own, others = names[:_MOST], names[_MOST:]
    rows = [
        {"day": bar.day, "name": bar.name if bar.name in own else "others", "amount": bar.amount}
        for bar in drawing.bars
    ]
    usd = drawing.measure == "usd"
    order = [*own, *(["others"] if others else [])]
    days = len({bar.day for bar in drawing.bars})
    chart = _on(rows, 220).mark_bar().properties(width=max(120, min(_WIDTH, 40 * days)))
    return chart.encode(
        x=alt.X("yearmonthdate(day):T", title=None, axis=alt.Axis(format="%d %b")),
        y=alt.Y(
            "sum(amount):Q",
            title="USD a day" if usd else "tokens a day",
            axis=alt.Axis(format=_dollars(drawing) if usd else "~s"),
        ),
        color=alt.Color(
            "name:N", title=drawing.by, scale=alt.Scale(domain=order, range=list(PALETTE))
        ),
    )


def _dollars(drawing: OverTime) -> str:
    """Two digits after the point, and more where whole days come to less than a dollar."""
    totals: dict[str, float] = {}
    for bar in drawing.bars:
        totals[bar.day] = totals.get(bar.day, 0.0) + bar.amount
    return "$,.2~f" if max(totals.values()) >= 1 else "$.2~r"


def _frontier(drawing: Frontier) -> Any:
    rows = [
        {
            "name": one.name,
            "cost": one.cost,
            "accepted": one.accepted,
            "low": one.low,
            "high": one.high,
            "stack": "in force" if one.in_force else "not in force",
        }
        for one in drawing.points
    ]
    base = _on(rows, 240)
    x = alt.X("cost:Q", title="USD for a piece of work", axis=alt.Axis(format="$.3~f"))
    scale = alt.Scale(domain=[0, 1])
    bounds = base.mark_rule(color="#8c8c8c").encode(
        x=x, y=alt.Y("low:Q", scale=scale, title="accepted", axis=alt.Axis(format="%")), y2="high:Q"
    )
    domain = ["in force", "not in force"]
    points = base.mark_point(filled=True, size=90).encode(
        x=x,
        y=alt.Y("accepted:Q", scale=scale),
        color=alt.Color(
            "stack:N", title=None, scale=alt.Scale(domain=domain, range=["#d55e00", "#0072b2"])
        ),
        shape=alt.Shape(
            "stack:N", title=None, scale=alt.Scale(domain=domain, range=["diamond", "circle"])
        ),
    )
    words = base.mark_text(align="left", dx=8, dy=-6, color="currentColor").encode(
        x=x, y="accepted:Q", text="name:N"
    )
    return bounds + points + words


def _habits(drawing: Habits) -> Any:
    rows = [{"habit": one.name, "usd": one.amount, "what": one.what} for one in drawing.amounts]
    words = list(dict.fromkeys(one.what for one in drawing.amounts))
    chart = _on(rows, 24 * max(len(rows), 1))
    return chart.mark_bar().encode(
        y=alt.Y("habit:N", sort=None, title=None, axis=alt.Axis(labelLimit=200)),
        x=alt.X("usd:Q", title="USD", axis=alt.Axis(format="$.2~f")),
        color=alt.Color(
            "what:N", title=None, scale=alt.Scale(domain=words, range=list(PALETTE[: len(words)]))
        ),
    )
