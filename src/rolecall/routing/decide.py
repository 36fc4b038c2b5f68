"""The one decision function. The gateway, `rolecall route`, replay and the bench all call it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from rolecall.routing.boundaries import boundary_of
from rolecall.routing.budgets import afforded
from rolecall.routing.candidates import candidates, hold
from rolecall.routing.choice import by_cache, forecasts, ordered, stays
from rolecall.routing.escalation import failing, latched
from rolecall.routing.forecast import Scene, scene
from rolecall.routing.guarantee import raised
from rolecall.routing.justify import by_failure, justification
from rolecall.routing.roles import asked, kept_home, kind_of, role_of, topic_of
from rolecall.types import (
    Boundary,
    Candidate,
    Decision,
    Justification,
    Latch,
    Reason,
    Rejection,
    Request,
    Role,
    Session,
    Snapshot,
)

LOGIC = 6
"""Changes whenever the same facts give another decision."""


class Found(Struct, frozen=True, kw_only=True):
    """Who may play a role and who may not, at which boundary, with what is to be told."""

    cascade: list[Candidate]
    rejected: list[Rejection]
    boundary: Boundary
    latch: Latch | None = None
    notes: tuple[str, ...] = ()


def decide(request: Request, snapshot: Snapshot, session: Session, *, id: str) -> Decision:  # noqa: A002
    """Role, cascade and reasons for one request. Pure: the same values give the same decision."""
    at = scene(request, snapshot, session)
    role, reason = raised(*role_of(request, snapshot, session), request, snapshot)
    kind = kind_of(request, reason, role, snapshot)
    money = afforded(role, reason, request, snapshot)
    role, reason = money.role, money.reason
    found = _found(role, reason, topic_of(kind, role), at)
    if request.limits and not found.cascade and role != "local":
        role, reason = kept_home(role, reason, request)
        home = _found(role, reason, topic_of(kind, role), at)
        found = msgspec.structs.replace(home, rejected=[*found.rejected, *home.rejected])
    if money.refusal is not None:
        found = _refused(found, money.refusal)
    return Decision(
        id=id,
        at=snapshot.at,
        snapshot=snapshot.version,
        role=role,
        kind=kind,
        reason=reason,
        cascade=tuple(found.cascade),
        rejections=tuple(found.rejected),
        limits=request.limits,
        boundary=found.boundary,
        calls_left=at.rest.calls,
        latch=_dated(found.latch, id),
        notes=(*money.notes, *found.notes),
    )


def _found(role: Role, reason: Reason, topic: str, at: Scene) -> Found:
    """Clear, forecast and order those who may play a role here."""
    request, snapshot, session = at.request, at.snapshot, at.session
    settled = reason.ground in {"privacy", "budget"}
    ask = None if settled else asked(request, snapshot)
    stays_down = settled or ask is not None or role == "local"
    failure = "" if stays_down else failing(request, session)
    is_asked = ask is not None
    boundary = boundary_of(request, snapshot, session, role=role, asked=is_asked, failing=failure)
    why = justification(role, reason, ask, request, snapshot)
    pin = None if ask is None else ask.pin
    cleared, rejected = candidates(role, pin, request, snapshot, session, why)
    found = Found(cascade=cleared, rejected=rejected, boundary=boundary)
    if pin is None and boundary.cause != "held":
        found = _chosen(found, role, topic, at)
    else:
        found = msgspec.structs.replace(found, cascade=forecasts(cleared, topic, at))
    return msgspec.structs.replace(found, cascade=hold(found.cascade, request, session, boundary))


def _chosen(found: Found, role: Role, topic: str, at: Scene) -> Found:
    """Escalated, kept for its cache, or by the stack and what outcomes say."""
    latch = latched(at.request, at.session, role, found.boundary, at.snapshot)
    strong = [] if latch is None else _beside(latch.now, role, at, by_failure(latch))
    if strong and latch is not None:
        others = (one for one in found.cascade if one.deployment != latch.now)
        told = forecasts([*strong, *others], topic, at)
        return msgspec.structs.replace(found, cascade=told, latch=latch)
    told = forecasts(found.cascade, topic, at)
    if found.boundary.cause == "task" and role != "local" and told:
        kept = _kept(told[0], role, topic, at)
        if kept is not None:
            here, says = kept
            return msgspec.structs.replace(found, cascade=[here, *told], notes=(says,))
    notes: tuple[str, ...] = ()
    if found.boundary.open:
        told, notes = ordered(told, topic, found.boundary, at)
    return msgspec.structs.replace(found, cascade=told, notes=notes)


def _beside(name: str, role: Role, at: Scene, why: Justification) -> list[Candidate]:
    """A deployment beside the role's own cascade, if it may play."""
    stack: dict[Role, Sequence[str]] = {**at.snapshot.stack, role: (name,)}
    beside = msgspec.structs.replace(at.snapshot, stack=stack)
    return candidates(role, None, at.request, beside, at.session, why)[0]


def _kept(first: Candidate, role: Role, topic: str, at: Scene) -> tuple[Candidate, str] | None:
    """The one in force, where the work turns to a cheaper role and moving would cost more."""
    name = at.session.deployment or ""
    if name not in at.snapshot.deployments or name in at.snapshot.stack.get(role, ()):
        return None
    here = _beside(name, role, at, Justification(kind="cache", says=""))
    both = forecasts([first, *here], topic, at)
    if len(both) < 2 or not stays(both[0], both[1], at.rest):
        return None
    moving = both[0].forecast
    assert moving is not None  # noqa: S101 (nobody stays where no price is known)
    even = moving.breaks_even
    pays = "never pays" if even is None else f"pays after {even:g} calls"
    says = (
        f"stays with {name}: moving to {first.deployment} costs ${moving.fee:.3f} for reading the "
        f"conversation anew and {pays}; about {at.rest.calls:.0f} are expected"
    )
    return by_cache(both[1]), says


def _refused(found: Found, says: str) -> Found:
    rejected = [
        Rejection(deployment=one.deployment, reason="budget", says=says) for one in found.cascade
    ]
    return msgspec.structs.replace(found, cascade=[], rejected=[*found.rejected, *rejected])


def _dated(latch: Latch | None, id: str) -> Latch | None:  # noqa: A002
    """A new escalation is named by the decision that begins it."""
    if latch is None or latch.decision:
        return latch
    return msgspec.structs.replace(latch, decision=id)
