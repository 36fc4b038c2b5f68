"""The private lane: what stayed at home, what was refused, which sessions stay private."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from rolecall.dashboard.desk import Desk
from rolecall.dashboard.shown import Column, Shown, Table
from rolecall.dashboard.views.spans import SPANS, first_day, span_of
from rolecall.ledger import taints


class Private(Struct, frozen=True, kw_only=True):
    span: str
    spans: tuple[str, ...]
    answered: int
    refused: int
    redacted: int
    guarded: bool
    behind: int


def private(desk: Desk, query: Mapping[str, str]) -> Shown:
    span = span_of(query)
    behind = desk.catching_up.ask().behind
    first = first_day(span, desk.now().date())
    counts = dict(
        desk.index.rows(
            "SELECT outcome, sum(requests) FROM private WHERE day >= ? GROUP BY 1", (first,)
        )
    )
    return Shown(
        template="private.html",
        title="Private",
        data=Private(
            span=span,
            spans=tuple(SPANS),
            answered=counts.get("answered", 0),
            refused=counts.get("refused", 0),
            redacted=counts.get("redacted", 0),
            guarded=desk.gateway.guard is not None,
            behind=behind,
        ),
        tables=(_kept(desk, first), _sessions(desk)),
    )


def _kept(desk: Desk, first: str) -> Table:
    rows = desk.index.rows(
        "SELECT workspace, rule, kept, outcome, sum(requests) FROM private WHERE day >= ? "
        "GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC",
        (first,),
    )
    shown = [
        (where, rule, _zones(kept), outcome, count) for where, rule, kept, outcome, count in rows
    ]
    columns = (
        *(Column(name, "name") for name in ("workspace", "rule", "kept in", "became")),
        Column("requests", "count"),
    )
    return Table(name="kept", title="What rules of privacy asked for", columns=columns, rows=shown)


def _zones(kept: str) -> str:
    """The index keeps a JSON list of zones, or a word."""
    return kept.strip("[]").replace('"', "").replace(",", " or ")


def _sessions(desk: Desk) -> Table:
    rows = [
        (one.session or one.key, one.workspace or "none", one.limit.rule, one.limit.says, one.since)
        for one in reversed(taints.in_force(desk.ledger))
    ]
    columns = (
        *(Column(name, "name") for name in ("session", "workspace", "rule", "because")),
        Column("since", "moment"),
    )
    return Table(name="sessions", title="Sessions that stay private", columns=columns, rows=rows)
