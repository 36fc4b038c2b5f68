"""The one decision function. The gateway, `rolecall route`, replay and the bench all call it."""

from __future__ import annotations

from rolecall.routing.candidates import candidates, hold
from rolecall.routing.justify import justification
from rolecall.routing.roles import asked, kept_home, kind_of, role_of
from rolecall.types import Decision, Request, Session, Snapshot

LOGIC = 4
"""Changes whenever the same facts give another decision."""


def decide(request: Request, snapshot: Snapshot, session: Session, *, id: str) -> Decision:  # noqa: A002
    """Role, cascade and reasons for one request. Pure: the same values give the same decision."""
    role, reason = role_of(request, snapshot, session)
    ask = asked(request, snapshot)
    why = justification(role, reason, ask, request, snapshot)
    pin = None if ask is None else ask.pin
    cleared, rejected = candidates(role, pin, request, snapshot, session, why)
    if request.limits and not cleared and role != "local":
        role, reason = kept_home(role, reason, request)
        cleared, more = candidates(role, None, request, snapshot, session, None)
        rejected.extend(more)
    return Decision(
        id=id,
        at=snapshot.at,
        snapshot=snapshot.version,
        role=role,
        kind=kind_of(request, reason, role, snapshot),
        reason=reason,
        cascade=tuple(hold(cleared, request, session)),
        rejections=tuple(rejected),
        limits=request.limits,
    )
