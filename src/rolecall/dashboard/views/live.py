"""Decisions as they happen, and those before; what today has cost; what people have overridden."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from msgspec import Struct

from rolecall.config.notices import of_stack
from rolecall.dashboard.desk import Desk
from rolecall.dashboard.lines import answered, line, line_under_way, under_way
from rolecall.dashboard.shown import Column, Shown, Table
from rolecall.errors import BodyError
from rolecall.ledger import overrides, recent
from rolecall.ledger.overrides import Override
from rolecall.types import Record

ROWS = 50
FIELDS = ("role", "client", "workspace", "kind", "deployment")
"""What decisions can be chosen by, as the index names it."""
_ALL = 1 << 62


class Filter(Struct, frozen=True, kw_only=True):
    """Empty values choose nothing. `before` is the number of a record."""

    role: str = ""
    client: str = ""
    workspace: str = ""
    kind: str = ""
    deployment: str = ""
    failed: bool = False
    before: int | None = None

    @property
    def is_set(self) -> bool:
        return self.failed or any(getattr(self, name) for name in FIELDS)

    def query(self, before: int | None = None) -> str:
        """The same choice as it stands in an address."""
        kept = {name: getattr(self, name) for name in FIELDS if getattr(self, name)}
        failed = {"failed": "1"} if self.failed else {}
        return urlencode(kept | failed | ({} if before is None else {"before": before}))

    def matches(self, record: Record) -> bool:
        """Whether a record is among those that are chosen."""
        last = record.attempts[-1].deployment if record.attempts else None
        facts = {
            "role": record.decision.role,
            "client": record.request.signals.client or "unknown",
            "workspace": record.request.workspace or "none",
            "kind": record.decision.kind,
            "deployment": last,
        }
        chosen = all(getattr(self, n) in {"", value} for n, value in facts.items())
        return chosen and (not self.failed or record.status >= 400)


class Live(Struct, frozen=True, kw_only=True):
    """`number` is that of the newest record shown, `older` the address of what came before."""

    number: int
    filter: Filter
    older: str | None
    behind: int
    choices: Mapping[str, tuple[str, ...]]
    overrides: tuple[Override, ...]
    notices: int


def filter_of(query: Mapping[str, str]) -> Filter:
    """What an address asks for. Raises `BodyError` where `before` is no number."""
    before = query.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise BodyError(f"before is {before!r}; give the number of a record")
    return Filter(
        **{name: query.get(name, "") for name in FIELDS},
        failed=query.get("failed", "") not in {"", "0"},
        before=None if before is None else int(before),
    )


def live(desk: Desk, query: Mapping[str, str]) -> Shown:
    chosen = filter_of(query)
    progress = desk.catching_up.ask()
    number = recent.newest_number(desk.ledger)
    found = _page(desk, chosen)
    answering = () if chosen.before else tuple(desk.gateway.underway.values())
    older = chosen.query(found[ROWS - 1][0]) if len(found) > ROWS else None
    now = desk.now()
    seen = {one.subject for one in overrides.in_force(desk.ledger, now) if one.sort == "seen"}
    ahead = of_stack(
        desk.gateway.world.deployments, desk.known, now, desk.settings.catalogue.notice_days
    )
    return Shown(
        template="live.html",
        title="Decisions",
        data=Live(
            number=number,
            filter=chosen,
            older=older,
            behind=progress.behind,
            choices=_choices(desk),
            overrides=tuple(overrides.in_force(desk.ledger, now)),
            notices=sum(f"{one.surface}/{one.id}" not in seen for one in ahead),
        ),
        tables=(
            under_way(map(line_under_way, answering)),
            answered(line(record) for _, record in found[:ROWS]),
            _today(desk),
        ),
    )


def _page(desk: Desk, chosen: Filter) -> list[tuple[int, Record]]:
    """One more than a page holds, to know whether there is another; the newest first."""
    before = chosen.before or _ALL
    if not chosen.is_set:
        return recent.older(desk.ledger, before, ROWS + 1)
    names = [name for name in FIELDS if getattr(chosen, name)]
    wanted = [f"{name} = ?" for name in names] + (["status >= 400"] if chosen.failed else [])
    query = (
        f"SELECT number FROM lines WHERE number < ? AND {' AND '.join(wanted)} "  # noqa: S608
        "ORDER BY number DESC LIMIT ?"
    )
    values = (before, *(getattr(chosen, name) for name in names), ROWS + 1)
    numbers = [row[0] for row in desk.index.rows(query, values)]
    return recent.numbered(desk.ledger, numbers)


def _choices(desk: Desk) -> dict[str, tuple[str, ...]]:
    """What there is to choose, from the sums; kinds are few and known."""
    rows = desk.index.rows(
        "SELECT DISTINCT role, client, workspace, deployment FROM days ORDER BY 1, 2, 3, 4"
    )
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    names = ("role", "client", "workspace", "deployment")
    return {
        name: tuple(sorted({str(one) for one in column}))
        for name, column in zip(names, columns, strict=True)
    }


def _today(desk: Desk) -> Table:
    rows = desk.index.rows(
        "SELECT role, sum(calls), sum(input), sum(output), sum(cost) FROM days WHERE day = ? "
        "GROUP BY role ORDER BY 5 DESC",
        (desk.now().date().isoformat(),),
    )
    columns = (
        Column("role"),
        Column("calls", "count"),
        Column("input", "tokens"),
        Column("output", "tokens"),
        Column("cost", "usd"),
    )
    return Table(name="today", title="Today (UTC)", columns=columns, rows=rows)
