"""When the work is visibly failing, and who helps then (DESIGN, 7.5). Pure.

Two confirmations, then one class up, at a boundary; the escalation stays in force until the task
changes or its calls are used up, so that models do not take turns.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rolecall.types import (
    Boundary,
    Latch,
    ModelClass,
    Request,
    Role,
    Session,
    Snapshot,
    Trajectory,
)

STRONGEST: ModelClass = "frontier"
RANKS: dict[ModelClass | None, int] = {
    None: 0,
    "open-weight": 0,
    "fast": 0,
    "coding": 1,
    "frontier": 2,
}
"""One class above another."""
_ABOVE: dict[Role, tuple[Role, ...]] = {
    "fast": ("code", "plan", "review"),
    "code": ("plan", "review"),
    "plan": (),
    "review": (),
    "local": (),
}
"""Whose cascades are asked for somebody stronger; what is private stays where it is."""
_CONFIRMATIONS = 2
_IDLE = 25
"""Tool results without an edit, while tests fail, after which nothing seems to go forward."""


def failing(request: Request, session: Session) -> str:
    """What verifies that the work fails, in words; empty where fewer than two signs do.

    After an escalation only what came since counts.
    """
    latch = session.latch
    since = _since(request.trajectory, latch)
    signs = list(_signs(since))
    return " and ".join(signs) if len(signs) >= _CONFIRMATIONS else ""


def _since(seen: Trajectory, latch: Latch | None) -> Trajectory:
    """The part of a trajectory that came after an escalation."""
    if latch is None:
        return seen
    runs = max(seen.tested - latch.tested, 0)
    new = seen.pushbacks > latch.pushbacks
    return msgspec.structs.replace(
        seen,
        failures=min(seen.failures, runs),
        same_failures=min(seen.same_failures, max(runs - 1, 0)),
        pushed_back=seen.pushed_back and new,
        reverts=max(seen.reverts - latch.reverts, 0),
        idle=seen.idle if runs else 0,
    )


def _signs(seen: Trajectory) -> Iterator[str]:
    if seen.failures >= _CONFIRMATIONS:
        yield f"the tests failed {seen.failures} times in a row"
    if seen.same_failures >= 1:
        yield f"the same way {seen.same_failures + 1} times"
    if seen.pushed_back:
        yield "the person objects"
    if seen.reverts:
        yield f"edits were taken back {seen.reverts} times"
    if seen.tests == "failed" and seen.idle >= _IDLE:
        yield f"no edit went in for {seen.idle} steps"


def stronger(role: Role, session: Session, snapshot: Snapshot) -> tuple[str, ...]:
    """Who is one class above the deployment in force, the role's own cascade first.

    Where the stack has nobody above, the next of the role's cascade: another family may see more.
    """
    held = snapshot.deployments.get(session.deployment or "")
    least = RANKS[held.model_class if held else None]
    names = [name for one in (role, *_ABOVE[role]) for name in snapshot.stack.get(one, ())]
    ranked = {name: RANKS[snapshot.deployments[name].model_class] for name in names}
    above = [rank for rank in ranked.values() if rank > least]
    if above:
        return tuple(name for name, rank in ranked.items() if rank == min(above))
    own = snapshot.stack.get(role, ())
    place = own.index(session.deployment) if session.deployment in own else len(own)
    return own[place + 1 :]


def latched(
    request: Request, session: Session, role: Role, boundary: Boundary, snapshot: Snapshot
) -> Latch | None:
    """The escalation that is in force for this request, a new one included.

    `decision` of a new one is empty: it is the decision that is being taken.
    """
    if boundary.cause == "failed" and snapshot.economics.escalate:
        found = stronger(role, session, snapshot)
        if found:
            return _new(request, session, role, found[0], boundary)
    latch = session.latch
    ended = boundary.cause in {"first", "compacted", "idle", "expired"}
    return None if latch is None or ended or role != latch.role else latch


def _new(request: Request, session: Session, role: Role, now: str, boundary: Boundary) -> Latch:
    seen = request.trajectory
    return Latch(
        decision="",
        role=role,
        before=session.deployment or "",
        now=now,
        says=boundary.says,
        tested=seen.tested,
        pushbacks=seen.pushbacks,
        reverts=seen.reverts,
        kept=request.messages,
    )
