"""The audit of the clients' own logs: the same as `rolecall audit` tells."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from rolecall.audit.habits.finding import Finding
from rolecall.audit.html import USD_BY_HABIT, Drawn, drawings, drawings_of_habits
from rolecall.audit.html import Charts as Pictures
from rolecall.audit.report import Report, Sum
from rolecall.audit.worth import MONEY
from rolecall.dashboard.desk import Desk
from rolecall.dashboard.shown import Chart, Column, Shown, Table
from rolecall.dashboard.views.spans import SPANS, span_of
from rolecall.dashboard.views.spending import NUMBERS


class Seen(Struct, frozen=True, kw_only=True):
    """`report` is None until the logs were read once; `trouble` is why they could not be."""

    span: str
    spans: tuple[str, ...]
    report: Report | None
    pictures: Pictures
    reading: bool
    trouble: str


def habits(desk: Desk, query: Mapping[str, str]) -> Shown:
    span = span_of(query)
    found = desk.logs.audited(span, again=query.get("again") == "1")
    charts = () if found.report is None else _charts(found.report)
    return Shown(
        template="habits.html",
        title="Habits",
        data=Seen(
            span=span,
            spans=tuple(SPANS),
            report=found.report,
            pictures=_pictures(charts, span),
            reading=found.reading,
            trouble=found.trouble,
        ),
        tables=() if found.report is None else _tables(found.report),
        charts=charts,
    )


def _pictures(charts: tuple[Chart, ...], span: str) -> Pictures:
    """Where the charts are to be had, by the part of the audit that shows them."""
    drawn = {
        one.name: Drawn(label=one.label, src=f"?since={span}&format=svg&chart={one.name}")
        for one in charts
    }
    spending = tuple(picture for name, picture in drawn.items() if name != "habits")
    return Pictures(spending=spending, habits=tuple(drawn[n] for n in ("habits",) if n in drawn))


def _charts(found: Report) -> tuple[Chart, ...]:
    days = [
        Chart(name=f"by-{one.by}", label=f"USD a day by {one.by}", drawing=one)
        for one in drawings(found)
    ]
    habits = [
        Chart(name="habits", label=USD_BY_HABIT, drawing=one) for one in drawings_of_habits(found)
    ]
    return (*days, *habits)


def _tables(found: Report) -> tuple[Table, ...]:
    sums = {
        "role": found.by_role,
        "model": found.by_model,
        "client": found.by_client,
        "repository": found.by_repository,
    }
    return (_findings(found.findings), *(_sums(by, rows) for by, rows in sums.items()))


def _findings(found: tuple[Finding, ...]) -> Table:
    columns = (
        Column("habit"),
        Column("what was seen", "name"),
        Column("seen", "count"),
        Column("of", "count"),
        Column("money", "usd"),
        Column("is"),
        Column("sure", "share"),
    )
    rows = [
        (one.id, one.says, one.count, one.of, one.money, MONEY[one.money_is], one.confidence)
        for one in found
    ]
    return Table(name="habits", title="Habits", columns=columns, rows=rows)


def _sums(by: str, found: tuple[Sum, ...]) -> Table:
    columns = (Column(by, "name"), *NUMBERS)
    rows = [
        (
            *(one.name, one.calls, one.input_tokens, one.cache_read_input_tokens),
            *(one.output_tokens, one.cost, one.unpriced),
        )
        for one in found
    ]
    return Table(name=f"by-{by}", title=f"By {by}", columns=columns, rows=rows)
