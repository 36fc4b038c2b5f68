"""One decision: what was seen, who else might have played at what cost, what would flip it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from msgspec import Struct

from rolecall.config.notices import remarks
from rolecall.dashboard.desk import Desk
from rolecall.dashboard.shown import Column, Shown, Table
from rolecall.errors import BodyError, RouteError
from rolecall.ledger import outcomes
from rolecall.routing.explain import flips, supposed
from rolecall.routing.progress import work_of
from rolecall.spoken.why import Part, because, heading, why_parts
from rolecall.types import ROLES, Candidate, Decision, Record, Role, Snapshot, Usage

_TOLD_ELSEWHERE = ("expected", "instead", "then", "not", "flips")
"""Parts that stand in tables here."""
_COLUMNS = (
    Column("deployment", "name"),
    Column("class"),
    Column("stands", "name"),
    Column("this call", "usd"),
    Column("each later", "usd"),
    Column("read anew", "usd"),
    Column("pays after calls", "count"),
    Column("accepted", "share"),
    Column("until accepted", "usd"),
    Column("same tokens", "usd"),
)


class Supposed(Struct, frozen=True, kw_only=True):
    """The decision under another ask. `same` says that nobody else would have played."""

    asked: str
    because: str
    plays: str
    cost: Decimal | None
    rejected: tuple[str, ...]
    same: bool


class One(Struct, frozen=True, kw_only=True):
    id: str
    heading: str
    because: str
    role: str
    plays: str
    session: str
    parts: tuple[Part, ...]
    flips: tuple[str, ...]
    roles: tuple[Role, ...]
    deployments: tuple[str, ...]
    supposed: Supposed | None


def decision(desk: Desk, query: Mapping[str, str], name: str) -> Shown:
    record = _record(desk, name)
    world = desk.ledger.snapshot(record.decision.snapshot)
    told = outcomes.of(desk.ledger, work_of(record))
    names = [candidate.deployment for candidate in record.decision.cascade]
    notes = remarks(names, desk.known, desk.settings.catalogue, record.decision.at)
    parts = why_parts(record, world, desk.gateway.price, told, notes)
    chosen = record.decision.chosen
    return Shown(
        template="decision.html",
        title=f"Decision {record.decision.id}",
        data=One(
            id=record.decision.id,
            heading=heading(record),
            because=because(record.decision),
            role=record.decision.role,
            plays=chosen.deployment if chosen else "nobody",
            session=record.request.signals.session or record.session.key,
            parts=tuple(part for part in parts if part[0] not in _TOLD_ELSEWHERE),
            flips=tuple(
                f"{one.change}: {one.deployment or 'nobody'} plays {one.role}"
                for one in flips(record, world)
            ),
            roles=ROLES,
            deployments=tuple(sorted(world.deployments)),
            supposed=_supposed(desk, record, world, query),
        ),
        tables=(_candidates(desk, record, world),),
    )


def _record(desk: Desk, name: str) -> Record:
    found = desk.ledger.find(name)
    if len(found) == 1:
        return found[0]
    if name in desk.gateway.underway:
        raise RouteError(f"{name} is being answered; its record follows at its end")
    says = "names several decisions" if found else "names no decision"
    raise RouteError(f"{name!r} {says}")


def _candidates(desk: Desk, record: Record, world: Snapshot) -> Table:
    """Everybody of the stack: those who may play first, then those who may not."""
    used = record.attempts[-1].usage if record.attempts else None
    rows = list(_rows(desk, record, world, used))
    return Table(name="candidates", title="Who might have played", columns=_COLUMNS, rows=rows)


def _rows(
    desk: Desk, record: Record, world: Snapshot, used: Usage | None
) -> Iterator[tuple[object, ...]]:
    met: set[str] = set()

    def tokens(name: str) -> Decimal | None:
        if used is None:
            return None
        return desk.gateway.price(name, used, record.decision.at)

    for number, one in enumerate(record.decision.cascade):
        met.add(one.deployment)
        yield (*_candidate(one, number), tokens(one.deployment))
    for rejection in record.decision.rejections:
        if rejection.deployment not in met:
            met.add(rejection.deployment)
            named = world.deployments.get(rejection.deployment)
            grade = named.model_class if named else None
            yield _other(rejection.deployment, grade, f"not: {rejection.says}", tokens)
    for name, deployment in sorted(world.deployments.items()):
        if name not in met:
            yield _other(name, deployment.model_class, "not in this cascade", tokens)


def _other(
    name: str, grade: str | None, stands: str, tokens: Callable[[str], Decimal | None]
) -> tuple[object, ...]:
    return (name, grade, stands, *(None,) * 6, tokens(name))


def _candidate(one: Candidate, number: int) -> tuple[object, ...]:
    told = one.forecast
    stands = "plays" if number == 0 else f"follows as number {number + 1}"
    if told is None:
        return (one.deployment, one.model_class, stands, *(None,) * 6)
    return (
        one.deployment,
        one.model_class,
        stands,
        Decimal(str(told.call)),
        Decimal(str(told.turn)),
        Decimal(str(told.fee)),
        told.breaks_even,
        told.chance,
        None if told.expected is None else Decimal(str(told.expected)),
    )


def _supposed(
    desk: Desk, record: Record, world: Snapshot, query: Mapping[str, str]
) -> Supposed | None:
    """What the address supposes: `as=plan`, or `with=provider/model`."""
    role = next((one for one in ROLES if one == query.get("as")), None)
    if query.get("as") and role is None:
        raise BodyError(f"{query['as']!r} is no role; the roles are {', '.join(ROLES)}")
    name = query.get("with") or None
    if role is None and name is None:
        return None
    if name is not None and name not in world.deployments:
        raise BodyError(f"{name!r} was no deployment of the stack in force then")
    found = supposed(record, world, role=role, deployment=name)
    return _told(desk, record, found, f"as {role}" if role else f"with {name}")


def _told(desk: Desk, record: Record, found: Decision, asked: str) -> Supposed:
    now = record.decision.chosen
    chosen = found.chosen
    used = record.attempts[-1].usage if record.attempts else None
    cost = None
    if chosen is not None and used is not None:
        cost = desk.gateway.price(chosen.deployment, used, record.decision.at)
    return Supposed(
        asked=asked,
        because=because(found),
        plays=chosen.deployment if chosen else "nobody",
        cost=cost,
        rejected=tuple(f"{one.deployment}: {one.says}" for one in found.rejections),
        same=(chosen and chosen.deployment) == (now and now.deployment),
    )
