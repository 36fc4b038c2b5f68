"""What was spent through this gateway: by role, model, client and workspace, over time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from rolecall.audit.drawings import Bar, OverTime, largest
from rolecall.dashboard.desk import Desk
from rolecall.dashboard.shown import Chart, Column, Shown, Table
from rolecall.dashboard.views.spans import SPANS, first_day, span_of
from rolecall.errors import BodyError

BY: Mapping[str, str] = {
    "role": "role",
    "model": "deployment",
    "client": "client",
    "workspace": "workspace",
}
"""What can be asked for, and the column of the index that holds it."""
_SUMS = "sum(calls), sum(input), sum(cached), sum(output), sum(cost), sum(unpriced)"


class Spending(Struct, frozen=True, kw_only=True):
    span: str
    spans: tuple[str, ...]
    by: str
    every: tuple[str, ...]
    calls: int
    cost: float
    unpriced: int
    behind: int


def spending(desk: Desk, query: Mapping[str, str]) -> Shown:
    span, by = span_of(query), query.get("by", "model")
    if by not in BY:
        raise BodyError(f"by is {by!r}; give one of {', '.join(BY)}")
    behind = desk.catching_up.ask().behind
    first = first_day(span, desk.now().date())
    totals = desk.index.rows(f"SELECT {_SUMS} FROM days WHERE day >= ?", (first,))[0]  # noqa: S608
    return Shown(
        template="spending.html",
        title="Spending",
        data=Spending(
            span=span,
            spans=tuple(SPANS),
            by=by,
            every=tuple(BY),
            calls=totals[0] or 0,
            cost=totals[4] or 0.0,
            unpriced=totals[5] or 0,
            behind=behind,
        ),
        tables=(*(_sums(desk, name, first) for name in BY), _days(desk, first)),
        charts=_charts(desk, by, first),
    )


def _sums(desk: Desk, by: str, first: str) -> Table:
    rows = desk.index.rows(
        f"SELECT {BY[by]}, {_SUMS} FROM days WHERE day >= ? GROUP BY 1 ORDER BY 6 DESC, 2 DESC",  # noqa: S608
        (first,),
    )
    return Table(
        name=f"by-{by}", title=f"By {by}", columns=(Column(by, "name"), *NUMBERS), rows=rows
    )


NUMBERS = (
    Column("calls", "count"),
    Column("input", "tokens"),
    Column("of it cached", "tokens"),
    Column("output", "tokens"),
    Column("cost", "usd"),
    Column("without a price", "count"),
)


def _days(desk: Desk, first: str) -> Table:
    """Everything, for a file."""
    rows = desk.index.rows("SELECT * FROM days WHERE day >= ? ORDER BY 1", (first,))
    names = ("day", "role", "deployment", "client", "workspace")
    columns = (*(Column(name) for name in names), *NUMBERS)
    return Table(name="days", title="By day and all of these", columns=columns, rows=rows)


def _charts(desk: Desk, by: str, first: str) -> tuple[Chart, ...]:
    rows: list[tuple[Any, ...]] = desk.index.rows(
        f"SELECT day, {BY[by]}, sum(cost), sum(input + output) FROM days "  # noqa: S608
        "WHERE day >= ? GROUP BY 1, 2 ORDER BY 1, 2",
        (first,),
    )
    if not rows:
        return ()
    days = [(date.fromisoformat(day), *rest) for day, *rest in rows]
    usd = tuple(Bar(day, name, cost) for day, name, cost, _ in days)
    tokens = tuple(Bar(day, name, float(count)) for day, name, _, count in days)
    names = largest(usd)
    return (
        Chart(
            name="usd",
            label=f"USD a day by {by}",
            drawing=OverTime(by=by, measure="usd", names=names, bars=usd),
        ),
        Chart(
            name="tokens",
            label=f"Tokens a day by {by}",
            drawing=OverTime(by=by, measure="tokens", names=names, bars=tokens),
        ),
    )
