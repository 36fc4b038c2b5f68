"""Where in a conversation another model may play, and where none may (DESIGN, 7.1). Pure."""

from __future__ import annotations

from datetime import timedelta

from rolecall.types import Boundary, Request, Role, Session, Snapshot, Work

_APART: tuple[Work, ...] = (
    "subagent",
    "title",
    "summary",
    "compaction",
    "approval",
    "memory",
    "commit",
    "completion",
    "chore",
)
"""Work with a history of its own, even where a client sends it under the same name."""


LONGEST = 100
"""Calls for which an escalation lasts at most, until the next boundary."""


def boundary_of(
    request: Request, snapshot: Snapshot, session: Session, *, role: Role, asked: bool, failing: str
) -> Boundary:
    """Whether another model may play from this request on, and why.

    `asked` says that the caller names the role or the deployment, `failing` what verifies that the
    work fails; empty where nothing does. The locks come first: no reason outweighs them.
    """
    if session.holder is not None:
        return Boundary(cause="held", says=f"{session.holder} keeps the conversation")
    if session.deployment is None:
        return Boundary(cause="first", says="nobody has answered in this conversation yet")
    if _begins(request):
        return Boundary(cause="first", says="the conversation begins")
    if request.signals.work in _APART:
        return Boundary(cause="apart", says="it is a piece of work with a history of its own")
    if is_locked(request):
        return Boundary(cause="loop", says="a tool loop is open")
    if asked and role != session.role:
        return Boundary(cause="asked", says=f"the caller asks for {role}")
    if failing:
        return Boundary(cause="failed", says=failing)
    if role != session.role:
        return Boundary(cause="task", says=f"the work turns from {session.role} to {role}")
    if session.latch is not None and session.latch.calls >= LONGEST:
        return Boundary(cause="expired", says=f"the escalation has lasted {LONGEST} calls")
    if request.trajectory.compacted and request.messages < session.messages:
        return Boundary(cause="compacted", says="the conversation was compacted")
    return _rested(snapshot, session)


def _begins(request: Request) -> bool:
    """Nobody but a person has spoken, once: the same words may begin many conversations."""
    return request.trajectory.turns <= 1 and request.trajectory.steps == 0


def is_locked(request: Request) -> bool:
    """A result comes back to the model that asked for it, unless a rule marks a boundary there."""
    counting = request.endpoint == "count_tokens"
    reports = request.loop_open or request.signals.work == "continuation"
    return counting or (reports and not request.signals.boundary)


def _rested(snapshot: Snapshot, session: Session) -> Boundary:
    """Idle for longer than its cache lives: what was read has to be read again by anybody."""
    name = session.deployment or ""
    warm = session.warm.get(name)
    found = snapshot.providers.get(name.partition("/")[0])
    seconds = warm.seconds if warm else found.cache_seconds if found else 0.0
    if session.last is None or snapshot.at - session.last <= timedelta(seconds=seconds):
        return Boundary(cause="turn", says=f"the conversation goes on with {name}")
    rested = (snapshot.at - session.last).total_seconds() / 60
    says = f"it rested for {rested:,.0f} min, longer than {name} keeps what it has read"
    return Boundary(cause="idle", says=says)
