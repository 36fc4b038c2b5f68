"""How far forecasts were from bills: the decision's own, and the same once the output is known."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

import msgspec
from msgspec import Struct

from rolecall.routing.forecast import meter, prospect, scene, warmth
from rolecall.types import Record, Session, Snapshot


class Compared(Struct, frozen=True, kw_only=True):
    """One call, in USD. `known_output` is the forecast with the output that it had."""

    forecast: float
    known_output: float
    billed: float


class Errors(Struct, frozen=True, kw_only=True):
    """Medians of |forecast - billed| / billed over calls of a kind; `calls` of them."""

    calls: int
    forecast: float
    known_output: float


def compared(record: Record, snapshot: Snapshot) -> Compared | None:
    """None where nothing was answered, forecast or billed."""
    chosen = record.decision.chosen
    answered = next((one for one in record.attempts if one.outcome == "answered"), None)
    if chosen is None or chosen.forecast is None or answered is None or not answered.cost:
        return None
    if answered.deployment != chosen.deployment or answered.usage is None:
        return None
    return Compared(
        forecast=chosen.forecast.call,
        known_output=_knowing(record, snapshot, answered.usage.output_tokens),
        billed=float(answered.cost),
    )


def _knowing(record: Record, snapshot: Snapshot, output: int) -> float:
    chosen = record.decision.chosen
    assert chosen is not None  # noqa: S101 (its caller has looked)
    world = msgspec.structs.replace(snapshot, at=record.decision.at)
    at = scene(record.request, world, record.session)
    rest = msgspec.structs.replace(at.rest, written=output)
    prices = meter(world.deployments[chosen.deployment], world, record.session, rest.context)
    assert prices is not None  # noqa: S101 (what was forecast has a price)
    return prospect(prices, rest, warmth(chosen.deployment, world, record.session)).call


def errors(records: Iterable[tuple[Record, Snapshot]]) -> dict[str, Errors]:
    """For calls before any usage of their session was known, and for those after."""
    by_kind: dict[str, list[Compared]] = {"first call": [], "usage known": []}
    for record, snapshot in records:
        found = compared(record, snapshot)
        if found is not None:
            by_kind[_kind(record.session)].append(found)
    return {kind: _medians(found) for kind, found in by_kind.items() if found}


def _kind(session: Session) -> str:
    return "usage known" if session.tokens else "first call"


def _medians(found: list[Compared]) -> Errors:
    return Errors(
        calls=len(found),
        forecast=median(_off(one.forecast, one.billed) for one in found),
        known_output=median(_off(one.known_output, one.billed) for one in found),
    )


def _off(forecast: float, billed: float) -> float:
    return abs(forecast - billed) / billed
