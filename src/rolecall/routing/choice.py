"""Who of those that may play does: what each would cost, and in which order they are asked.

The stack's order stands until outcomes say better. In a conversation the one in force goes on,
unless there is a boundary and moving pays (DESIGN, 7.2 and 7.3). Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rolecall.routing.escalation import RANKS, STRONGEST
from rolecall.routing.estimates import chance, expected, priors, standing, standings_of
from rolecall.routing.forecast import (
    Ahead,
    Prospect,
    Scene,
    breaks_even,
    meter,
    millionths,
    prospect,
    warmth,
)
from rolecall.types import (
    Boundary,
    Candidate,
    Forecast,
    Justification,
    Snapshot,
    Standing,
)

_MARGIN = 0.1
"""What has to be saved beyond the fee of moving, and beyond what is expected of another."""
_PENNY = 0.01
"""USD below which no difference is worth a change."""


def forecasts(cleared: Sequence[Candidate], topic: str, at: Scene) -> list[Candidate]:
    """The same candidates, each with what it is expected to cost where its price is known."""
    session = at.session
    here = _prospect(session.deployment, at) if session.deployment else None
    known = [(one, _prospect(one.deployment, at)) for one in cleared]
    priced = [(one, found) for one, found in known if found is not None]
    own = standings_of(topic, [one.deployment for one, _ in priced], at.snapshot)
    chances = _chances(priced, own, topic, at)
    costs = _expected(priced, chances, at)
    told = iter(zip(priced, own, chances, costs, strict=True))
    result = []
    for one, found in known:
        if found is None:
            result.append(one)
            continue
        _, seen, likely, cost = next(told)
        moves = here is not None and one.deployment != session.deployment
        forecast = Forecast(
            call=millionths(found.call),
            turn=millionths(found.turn),
            fee=millionths(found.fee),
            breaks_even=_even(found, here) if moves and here is not None else None,
            chance=millionths(likely),
            outcomes=seen.passed + seen.lost,
            expected=millionths(cost),
        )
        result.append(msgspec.structs.replace(one, forecast=forecast))
    return result


def _prospect(name: str, at: Scene) -> Prospect | None:
    deployment = at.snapshot.deployments.get(name)
    prices = (
        None if deployment is None else meter(deployment, at.snapshot, at.session, at.rest.context)
    )
    return (
        None if prices is None else prospect(prices, at.rest, warmth(name, at.snapshot, at.session))
    )


def _even(there: Prospect, here: Prospect) -> float | None:
    even = breaks_even(there.fee - here.fee, here.turn, there.turn)
    return None if even is None else millionths(even)


def _chances(
    priced: Sequence[tuple[Candidate, Prospect]], own: Sequence[Standing], topic: str, at: Scene
) -> list[float]:
    evidence = at.snapshot.evidence
    known = priors(topic, evidence)
    weight = evidence.weight
    return [
        chance(known[one.model_class or "open-weight"], seen, weight)
        for (one, _), seen in zip(priced, own, strict=True)
    ]


def _expected(
    priced: Sequence[tuple[Candidate, Prospect]], chances: Sequence[float], at: Scene
) -> list[float]:
    """J of 7.3: to an accepted result, over the calls that are expected, waiting included."""
    calls, snapshot, evidence = at.rest.calls, at.snapshot, at.snapshot.evidence
    waiting = snapshot.economics.hour * calls / 3600
    costs = [found.call + (calls - 1) * found.turn for _, found in priced]
    if waiting:
        paces = snapshot.paces
        costs = [
            cost + waiting * paces.get(one.deployment, 0.0)
            for (one, _), cost in zip(priced, costs, strict=True)
        ]
    noticed = evidence.noticed_tested if at.request.trajectory.tested else evidence.noticed
    silent = snapshot.economics.silent_failure
    return expected(costs, chances, again=evidence.again, noticed=noticed, silent=silent)


def ordered(
    found: Sequence[Candidate], topic: str, boundary: Boundary, at: Scene
) -> tuple[list[Candidate], tuple[str, ...]]:
    """The stack's order, and who goes before its first because outcomes say so, with the reason.

    Where nothing but time has passed the one in force is first, and nobody has to be told why.
    """
    kept = boundary.cause in {"idle", "compacted"}
    stack = sorted(found, key=lambda one: kept and one.deployment != at.session.deployment)
    if not stack:
        return [], ()
    first = stack[0]
    for one in stack[1:]:
        if _overtakes(one, first, topic, at.snapshot):
            first = one
    if first is stack[0]:
        return stack, ()
    others = [one for one in stack if one is not first]
    says = _measured(first, stack[0])
    return [_by_evidence(first, says), *others], (says,)


def _overtakes(one: Candidate, first: Candidate, topic: str, snapshot: Snapshot) -> bool:
    """Measured, and by more than a margin: equal ones leave things as they are.

    A weaker class goes first only where its failures are proven to be within what is allowed.
    """
    ours, theirs = one.forecast, first.forecast
    if ours is None or theirs is None or ours.expected is None or theirs.expected is None:
        return False
    if ours.expected >= theirs.expected * (1 - _MARGIN) - _PENNY:
        return False
    if min(ours.outcomes, theirs.outcomes) < snapshot.economics.outcomes_needed:
        return False
    if RANKS[one.model_class] >= RANKS[first.model_class]:
        return True
    own = standing(topic, one.deployment, snapshot)
    return not own.refuted and own.bound <= snapshot.economics.loss_allowed


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
    more = max(moving.fee - staying.fee, 0.0)
    return saved <= more * (1 + _MARGIN) + _PENNY if more else saved < 0


def by_cache(candidate: Candidate) -> Candidate:
    """The one in force, with the reason why it may go on although its role is another's."""
    if candidate.model_class != STRONGEST:
        return candidate
    says = "it has read this conversation: going on costs less than moving"
    why = Justification(kind="cache", says=says, until="moving costs less")
    return msgspec.structs.replace(candidate, justification=why)


def _measured(first: Candidate, other: Candidate) -> str:
    ours, theirs = first.forecast, other.forecast
    assert ours is not None  # noqa: S101 (nobody overtakes unmeasured)
    assert theirs is not None  # noqa: S101
    return (
        f"{first.deployment} goes before {other.deployment}: by {ours.outcomes} and "
        f"{theirs.outcomes} outcomes of yours ${ours.expected:.2f} to an accepted result, "
        f"not ${theirs.expected:.2f}"
    )


def _by_evidence(first: Candidate, says: str) -> Candidate:
    """The strongest class is justified by what was measured."""
    if first.model_class != STRONGEST:
        return first
    why = Justification(kind="evidence", says=says, until="outcomes say otherwise")
    return msgspec.structs.replace(first, justification=why)
