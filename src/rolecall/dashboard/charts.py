"""Charts of the page (extra `ui`).

Imported by the drawing process alone: Altair takes half a second and the converter 80 MB, and it
holds the interpreter for 0.1 s a chart, which no request is to wait for.
"""

from __future__ import annotations

from typing import Any, assert_never

from rolecall.audit.charts import DOLLARS, altair, habits, on, over_time, svg
from rolecall.audit.drawings import Habits, OverTime
from rolecall.dashboard.drawings import Drawing, Frontier

_INKS = "<style>:root{color:#1f2328}@media(prefers-color-scheme:dark){:root{color:#f0f6fc}}</style>"
"""An image takes no colour from the page around it."""


def drawn(drawing: Drawing) -> str:
    """A chart as SVG that is readable on light and on dark ground."""
    head, _, rest = svg(_chart(drawing)).partition(">")
    return f"{head}>{_INKS}{rest}"


def _chart(drawing: Drawing) -> Any:
    match drawing:
        case OverTime():
            return over_time(drawing)
        case Frontier():
            return _frontier(drawing)
        case Habits():
            return habits(drawing)
        case _:
            assert_never(drawing)


def _frontier(drawing: Frontier) -> Any:
    """Points with their intervals; names stand on the side where there is room."""
    alt = altair()
    middle = max(one.cost for one in drawing.points) / 2
    rows = [
        {
            "name": one.name,
            "cost": one.cost,
            "accepted": one.accepted,
            "low": one.low,
            "high": one.high,
            "stack": "in force" if one.in_force else "not in force",
            "side": "left" if one.cost <= middle else "right",
        }
        for one in drawing.points
    ]
    base = on(rows, 240)
    cost = alt.Axis(format=DOLLARS, tickCount=6)
    x = alt.X("cost:Q", title="USD for a piece of work", axis=cost)
    scale = alt.Scale(domain=[0, 1])
    share = alt.Y("low:Q", scale=scale, title="accepted", axis=alt.Axis(format="%"))
    bounds = base.mark_rule(color="#8c8c8c").encode(x=x, y=share, y2="high:Q")
    domain = ["in force", "not in force"]
    colour = alt.Scale(domain=domain, range=["#d55e00", "#0072b2"])
    shape = alt.Scale(domain=domain, range=["diamond", "circle"])
    points = base.mark_point(filled=True, size=90).encode(
        x=x,
        y=alt.Y("accepted:Q", scale=scale),
        color=alt.Color("stack:N", title=None, scale=colour),
        shape=alt.Shape("stack:N", title=None, scale=shape),
    )
    words = [
        base.transform_filter(f"datum.side === '{side}'")
        .mark_text(align=side, dx=far, dy=-8, color="currentColor")
        .encode(x=x, y="accepted:Q", text="name:N")
        for side, far in (("left", 8), ("right", -8))
    ]
    return alt.layer(bounds, points, *words)
