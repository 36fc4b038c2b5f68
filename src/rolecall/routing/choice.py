"""Who of those that may play does: what each would cost, and in which order they are asked.

The stack's order stands until outcomes say better. In a conversation the one in force goes on,
unless there is a boundary and moving pays (DESIGN, 7.2 and 7.3). Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from rolecall.routing.escalation import RANKS, STRONGEST
from rolecall.routing.estimates import Option, chance, expected, standing
from rolecall.routing.forecast import (
    Ahead,
    Meter,
    Scene,
    breaks_even,
    call_cost,
    fee,
    meter,
    turn_cost,
    warmth,
)
from rolecall.types import (
    Boundary,
    Candidate,
    Forecast,
    Justification,
    Snapshot,
)

_MARGIN = 0.1
"""What has to be saved beyond the fee of moving, and beyond what is expected of another."""
_PENNY = 0.01
"""USD below which no difference is worth a change."""


class Prospect(Struct, frozen=True):
    """A deployment's prices and what it has cached, in this conversation."""

    prices: Meter
    warm: float


def forecasts(cleared: Sequence[Candidate], topic: str, at: Scene) -> list[Candidate]:
    """The same candidates, each with what it is expected to cost where its price is known."""
    session = at.session
    prospects = [_prospect(one.deployment, at) for one in cleared]
    held = _prospect(session.deployment, at) if session.deployment else None
    here = None if held is None else turn_cost(held.prices, at.rest)
    found: list[tuple[int, Forecast]] = []
    for number, (one, known) in enumerate(zip(cleared, prospects, strict=True)):
        if known is not None:
            is_held = one.deployment == session.deployment
            found.append((number, _forecast(known, at.rest, None if is_held else here)))
    valued = _valued([(cleared[n], told) for n, told in found], topic, at)
    with_them = list(cleared)
    for (number, _), told in zip(found, valued, strict=True):
        with_them[number] = msgspec.structs.replace(cleared[number], forecast=told)
    return with_them


def _prospect(name: str, at: Scene) -> Prospect | None:
    deployment = at.snapshot.deployments.get(name)
    prices = None if deployment is None else meter(deployment, at.snapshot, at.session)
    return None if prices is None else Prospect(prices, warmth(name, at.snapshot, at.session))


def _forecast(known: Prospect, rest: Ahead, here: float | None) -> Forecast:
    there, moving = turn_cost(known.prices, rest), fee(known.prices, rest, known.warm)
    even = None if here is None else breaks_even(moving, here, there)
    return Forecast(
        call=round(call_cost(known.prices, rest, known.warm), 6),
        turn=round(there, 6),
        fee=round(moving, 6),
        breaks_even=None if even is None else round(even, 1),
    )


def _valued(told: Sequence[tuple[Candidate, Forecast]], topic: str, at: Scene) -> list[Forecast]:
    """With the chance of each, and its expected cost to an accepted result."""
    snapshot, evidence = at.snapshot, at.snapshot.evidence
    standings = [standing(topic, one.deployment, snapshot) for one, _ in told]
    chances = [
        chance(snapshot.deployments[one.deployment], topic, own, evidence)
        for (one, _), own in zip(told, standings, strict=True)
    ]
    options = [
        Option(_until_done(one.deployment, forecast, at), likely)
        for (one, forecast), likely in zip(told, chances, strict=True)
    ]
    noticed = evidence.noticed_tested if at.request.trajectory.tested else evidence.noticed
    costs = expected(
        options, again=evidence.again, noticed=noticed, silent=snapshot.economics.silent_failure
    )
    return [
        msgspec.structs.replace(
            forecast, chance=round(likely, 3), outcomes=own.verified, expected=round(cost, 4)
        )
        for (_, forecast), likely, own, cost in zip(told, chances, standings, costs, strict=True)
    ]


def _until_done(name: str, forecast: Forecast, at: Scene) -> float:
    """USD for the calls that are expected, waiting included."""
    calls, snapshot = at.rest.calls, at.snapshot
    waiting = snapshot.economics.hour * snapshot.paces.get(name, 0.0) / 3600
    return forecast.call + (calls - 1) * forecast.turn + calls * waiting


def ordered(
    found: Sequence[Candidate], topic: str, boundary: Boundary, at: Scene
) -> list[Candidate]:
    """Where no model may change the one in force is first; else the stack's order.

    Before its first goes whoever is measured to cost less until a result is accepted.
    """
    held = [one for one in found if one.deployment == at.session.deployment]
    others = [one for one in found if one.deployment != at.session.deployment]
    if not boundary.open:
        return [*held, *others]
    kept = boundary.cause in {"idle", "compacted"}
    stack = [*held, *others] if kept and held else list(found)
    if not stack:
        return []
    first = stack[0]
    for one in stack[1:]:
        if _overtakes(one, first, topic, at.snapshot):
            first = one
    return [first, *(one for one in stack if one is not first)]


def _overtakes(one: Candidate, first: Candidate, topic: str, snapshot: Snapshot) -> bool:
    """Measured, and by more than a margin: equal ones leave things as they are.

    A weaker class goes first only where its failures are proven to be within what is allowed.
    """
    ours, theirs = one.forecast, first.forecast
    if ours is None or theirs is None or ours.expected is None or theirs.expected is None:
        return False
    if min(ours.outcomes, theirs.outcomes) < snapshot.economics.outcomes_needed:
        return False
    own = standing(topic, one.deployment, snapshot)
    weaker = RANKS[one.model_class] < RANKS[first.model_class]
    if weaker and (own.refuted or own.bound > snapshot.economics.loss_allowed):
        return False
    return ours.expected < theirs.expected * (1 - _MARGIN) - _PENNY


def stays(there: Candidate, here: Candidate, rest: Ahead) -> bool:
    """Whether going on with the one in force is cheaper than moving to one that costs less.

    Never to save a class: the one in force must not be the weaker one.
    """
    moving, staying = there.forecast, here.forecast
    if moving is None or staying is None:
        return False
    if RANKS[here.model_class] < RANKS[there.model_class]:
        return False
    saved = rest.calls * (staying.turn - moving.turn)
    return saved <= moving.fee * (1 + _MARGIN) + _PENNY


def by_cache(candidate: Candidate) -> Candidate:
    """The one in force, with the reason why it may go on although its role is another's."""
    if candidate.model_class != STRONGEST:
        return candidate
    says = "it has read this conversation: going on costs less than moving"
    why = Justification(kind="cache", says=says, until="moving costs less")
    return msgspec.structs.replace(candidate, justification=why)


def by_evidence(chosen: Candidate) -> Candidate:
    """One that outcomes have put before the stack's first."""
    ours = chosen.forecast
    if ours is None or chosen.model_class != STRONGEST:
        return chosen
    says = f"{ours.outcomes} outcomes of yours: ${ours.expected:.2f} to an accepted result"
    why = Justification(kind="evidence", says=says, until="outcomes say otherwise")
    return msgspec.structs.replace(chosen, justification=why)
