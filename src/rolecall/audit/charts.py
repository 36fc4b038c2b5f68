"""Charts as Vega-Lite specifications made with Altair (extra `ui`).

They are drawn here and not by a reader's browser: a page needs no script for them, and an SVG that
stands in a page takes its text colour from it (`currentColor`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from rolecall.audit.drawings import Habits, OverTime
from rolecall.audit.worth import MONEY
from rolecall.errors import ConfigError

PALETTE = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c", "#b8a100"),
)
"""Colours that people who see few colours can tell apart (Okabe and Ito, 2008), and two more."""
WIDTH = 720
_LEAST = 14
"""Days that an axis shows at least: never so few that a day becomes a wall."""
DOLLARS = "$,.4~f"
_ROOM = {"left": 24, "right": 64, "top": 5, "bottom": 5}
"""Pixels around a chart: a reader's fonts may be wider than those it was laid out with."""
_MOST = 7
"""Names that have a colour of their own; the rest is `others`."""
_INK = "currentColor"
_DARK = "#24292f"
_RULE = "#8c8c8c"


def over_time(drawing: OverTime) -> Any:
    """Amounts a day, stacked by name."""
    alt = altair()
    own, others = drawing.names[:_MOST], drawing.names[_MOST:]
    rows = [
        {
            "day": str(bar.day),
            "name": bar.name if bar.name in own else "others",
            "amount": bar.amount,
        }
        for bar in drawing.bars
    ]
    usd = drawing.measure == "usd"
    order = [*own, *(["others"] if others else [])]
    axis = alt.Axis(format="%d %b", tickCount="day", labelOverlap="greedy", labelFlush=False)
    amounts = alt.Axis(format=DOLLARS if usd else "~s", tickCount=5)
    title = "USD a day" if usd else "tokens a day"
    return (
        on(rows, 220)
        .mark_bar()
        .encode(
            x=alt.X("utcyearmonthdate(day):T", title=None, axis=axis, scale=_days(drawing)),
            y=alt.Y("sum(amount):Q", title=title, axis=amounts),
            color=alt.Color(
                "name:N", title=drawing.by, scale=alt.Scale(domain=order, range=list(PALETTE))
            ),
        )
    )


def _days(drawing: OverTime) -> Any:
    alt = altair()
    first, last = min(bar.day for bar in drawing.bars), max(bar.day for bar in drawing.bars)
    end = last + timedelta(days=1)
    ends = (end - timedelta(days=max((last - first).days + 1, _LEAST)), end)
    moments = [alt.DateTime(year=d.year, month=d.month, date=d.day, utc=True) for d in ends]
    return alt.Scale(type="utc", domain=moments)


def habits(drawing: Habits) -> Any:
    """What each habit comes to in USD."""
    alt = altair()
    rows = [{"habit": one.name, "usd": one.amount, "what": one.what} for one in drawing.amounts]
    words = [word for word in MONEY.values() if any(row["what"] == word for row in rows)]
    colours = [PALETTE[place] for place, word in enumerate(MONEY.values()) if word in words]
    return (
        on(rows, 24 * max(len(rows), 1))
        .mark_bar()
        .encode(
            y=alt.Y("habit:N", sort=None, title=None, axis=alt.Axis(labelLimit=200)),
            x=alt.X("usd:Q", title="USD", axis=alt.Axis(format=DOLLARS, tickCount=6)),
            color=alt.Color("what:N", title=None, scale=alt.Scale(domain=words, range=colours)),
        )
    )


def on(rows: Sequence[Mapping[str, object]], height: int) -> Any:
    """A chart of some rows, as wide as all of them."""
    alt = altair()
    return alt.Chart(alt.Data(values=list(rows)), width=WIDTH, height=height)


def together(charts: Iterable[Any]) -> Any:
    """Charts one below the other, in one picture."""
    return altair().vconcat(*charts).resolve_scale(color="independent")


def svg(chart: Any) -> str:
    """A chart as SVG for a page. Raises `ConfigError` where the extra is missing."""
    themed = _themed(chart, _INK, "transparent")
    return str(_converter().vegalite_to_svg(themed.to_json()))


def png(chart: Any) -> bytes:
    """A chart as PNG, at twice its size in pixels. Raises `ConfigError` as above."""
    themed = _themed(chart, _DARK, "white")
    return bytes(_converter().vegalite_to_png(themed.to_json(), scale=2))


def _themed(chart: Any, ink: str, ground: str) -> Any:
    return (
        chart.configure(background=ground, font="system-ui, sans-serif", padding=_ROOM)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=ink, titleColor=ink, domainColor=_RULE, tickColor=_RULE, gridOpacity=0.2
        )
        .configure_legend(labelColor=ink, titleColor=ink, labelLimit=260)
    )


def altair() -> Any:
    """The library. Raises `ConfigError` where the extra is missing."""
    try:
        import altair as alt  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise ConfigError(_MISSING) from error
    return alt


def _converter() -> Any:
    try:
        import vl_convert  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise ConfigError(_MISSING) from error
    return vl_convert


_MISSING = "charts need the extra ui: pip install 'rolecall[ui]'"
