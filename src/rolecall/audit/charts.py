"""Charts of spending and habits, as Vega-Lite specifications made with Altair (extra `ui`).

They are drawn here and not by a reader's browser: a page needs no script for them, and an SVG that
stands in a page takes its text colour from it (`currentColor`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rolecall.audit.habits.finding import Finding
from rolecall.audit.report import Day
from rolecall.errors import ConfigError

PALETTE = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c", "#b8a100"),
)
"""Colours that people who see few colours can tell apart (Okabe and Ito, 2008), and two more."""
_WIDTH = 720
_MOST = 7
"""Names that have a colour of their own; the rest is `others`."""
_INK = "currentColor"
_DARK = "#24292f"
_RULE = "#8c8c8c"


def by_day(days: Sequence[Day], by: str) -> Any:
    """USD a day, stacked by `model` or `role`."""
    alt = altair()
    names = _dearest(days, by)
    rows = [
        {"day": str(one.day), "name": name if name in names else "others", "usd": float(one.cost)}
        for one in days
        for name in (str(getattr(one, by)),)
    ]
    chart = alt.Chart(alt.Data(values=rows), width=_WIDTH, height=220).mark_bar()
    order = [*names, *(["others"] if any(row["name"] == "others" for row in rows) else [])]
    return chart.encode(
        x=alt.X("yearmonthdate(day):T", title=None, axis=alt.Axis(format="%d %b")),
        y=alt.Y("sum(usd):Q", title="USD a day", axis=alt.Axis(format="$.2~f")),
        color=alt.Color("name:N", title=by, scale=alt.Scale(domain=order, range=list(PALETTE))),
    )


def habits(found: Sequence[Finding]) -> Any:
    """What each habit comes to in USD."""
    alt = altair()
    words = {"saved": "to save", "spent": "spent on it", "lost": "lost"}
    rows = [
        {"habit": one.id, "usd": float(one.money), "what": words[one.money_is]} for one in found
    ]
    chart = alt.Chart(alt.Data(values=rows), width=_WIDTH, height=24 * max(len(rows), 1)).mark_bar()
    return chart.encode(
        y=alt.Y("habit:N", sort=None, title=None, axis=alt.Axis(labelLimit=200)),
        x=alt.X("usd:Q", title="USD", axis=alt.Axis(format="$.2~f")),
        color=alt.Color(
            "what:N",
            title=None,
            scale=alt.Scale(domain=list(words.values()), range=list(PALETTE)),
        ),
    )


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


def _dearest(days: Iterable[Day], by: str) -> list[str]:
    totals: dict[str, float] = {}
    for one in days:
        name = str(getattr(one, by))
        totals[name] = totals.get(name, 0.0) + float(one.cost)
    return sorted(totals, key=lambda name: -totals[name])[:_MOST]


def _themed(chart: Any, ink: str, ground: str) -> Any:
    return (
        chart.configure(background=ground, font="system-ui, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=ink, titleColor=ink, domainColor=_RULE, tickColor=_RULE, gridOpacity=0.2
        )
        .configure_legend(labelColor=ink, titleColor=ink, labelLimit=260)
    )


def altair() -> Any:
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
