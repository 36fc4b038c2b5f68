"""Cost and quality by kind of work, as outcomes of one's own tell, with the stack in force."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from rolecall.dashboard.desk import Desk
from rolecall.dashboard.drawings import Frontier, Point
from rolecall.dashboard.shown import Chart, Column, Shown, Table
from rolecall.ledger import outcomes
from rolecall.measure.promises import promises
from rolecall.measure.propose import Advice, Tried, Wish, advice, playing
from rolecall.spoken.figures import dollars

_COLUMNS = (
    Column("who", "name"),
    Column("stands", "name"),
    Column("outcomes", "count"),
    Column("accepted", "share"),
    Column("at least", "share"),
    Column("at most", "share"),
    Column("USD a piece", "usd"),
)


class Topic(Struct, frozen=True, kw_only=True):
    """`table` and `chart` are names; `chart` is empty where nothing can be drawn."""

    name: str
    verdict: str
    says: str
    untried: tuple[str, ...]
    table: str
    chart: str


class Topics(Struct, frozen=True, kw_only=True):
    topics: tuple[Topic, ...]


def frontier(desk: Desk, _: Mapping[str, str]) -> Shown:
    world = desk.gateway.world
    found = advice(outcomes.newest(desk.ledger), playing(world), Wish(), world)
    charts = {one.topic: _chart(one) for one in found}
    return Shown(
        template="frontier.html",
        title="Cost and quality",
        data=Topics(
            topics=tuple(
                Topic(
                    name=one.topic,
                    verdict=one.verdict,
                    says=_says(one),
                    untried=tuple(one.untried),
                    table=_name(one),
                    chart=_name(one) if charts[one.topic] else "",
                )
                for one in found
            )
        ),
        tables=(*map(_table, found), _promises(desk)),
        charts=tuple(chart for chart in charts.values() if chart),
    )


def _says(one: Advice) -> str:
    more = f"; about {one.needed} more outcomes of each would settle it" if one.needed else ""
    return f"{one.says}{more}"


def _name(one: Advice) -> str:
    return one.topic.replace(" ", "-")


def _table(one: Advice) -> Table:
    rows = [
        (
            " then ".join(tried.names),
            "in force" if tried.names == (one.now,) else "",
            tried.outcomes,
            tried.accepted,
            tried.interval.low,
            tried.interval.high,
            None if tried.cost is None else Decimal(str(tried.cost)),
        )
        for tried in one.tried
    ]
    return Table(name=_name(one), title=f"{one.topic}: who was tried", columns=_COLUMNS, rows=rows)


def _chart(one: Advice) -> Chart | None:
    points = tuple(_point(tried, one.now) for tried in one.tried if tried.cost is not None)
    if not points:
        return None
    spoken = "; ".join(
        f"{point.name}: {point.accepted:.0%} at {dollars(Decimal(str(point.cost)))}"
        for point in points
    )
    return Chart(
        name=_name(one),
        label=f"Share accepted against USD for {one.topic}. {spoken}",
        drawing=Frontier(topic=one.topic, points=points),
    )


def _point(tried: Tried, now: str) -> Point:
    return Point(
        name=" then ".join(tried.names),
        cost=tried.cost or 0.0,
        accepted=tried.accepted,
        low=tried.interval.low,
        high=tried.interval.high,
        in_force=tried.names == (now,),
    )


def _promises(desk: Desk) -> Table:
    """What is routed to a cheaper role, and what outcomes promise of it."""
    found = promises(desk.gateway.world, desk.gateway.scoreboard.standings)
    columns = (
        *(Column(name, "name") for name in ("kind", "plays", "in place of", "state")),
        *(Column(name, "count") for name in ("verified", "failed")),
        *(Column(name, "share") for name in ("fails at most", "allowed")),
    )
    rows = [
        (
            *(one.kind, one.plays, one.instead_of, one.state),
            *(one.verified, one.failed, one.bound, one.allowed),
        )
        for one in found
    ]
    return Table(name="promises", title="Routed to a cheaper role", columns=columns, rows=rows)
