"""Where in a conversation another model may play, and where none may (DESIGN, 7.1). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

from rolecall.types import Boundary, Cause, Request, Role, Session, Snapshot, Work

OF_THE_CONVERSATION: tuple[Work, ...] = ("turn", "continuation", "count", "plan", "review")
"""All other work has a history of its own, even where a client sends it under the same name."""


LONGEST = 100
"""Calls for which an escalation lasts at most, until the next boundary."""


def boundary_of(
    request: Request, snapshot: Snapshot, session: Session, *, role: Role, asked: bool, failing: str
) -> Boundary:
    """Whether another model may play from this request on, and why: the first that holds.

    `asked` says that the caller names the role or the deployment, `failing` what verifies that the
    work fails; empty where nothing does. The locks come before the reasons: none outweighs them.
    """
    reasons = _reasons(request, session, role=role, asked=asked, failing=failing)
    found = next(chain(_locks(request, session), reasons, _rests(snapshot, session)))
    return Boundary(cause=found[0], says=found[1])


def _locks(request: Request, session: Session) -> Iterator[tuple[Cause, str]]:
    """What nobody can take over, and what nobody has to."""
    if session.holder is not None:
        yield "held", f"{session.holder} keeps the conversation"
    if session.deployment is None:
        yield "first", "nobody has answered in this conversation yet"
    if _begins(request):
        yield "first", "the conversation begins"
    if is_locked(request):
        yield "loop", "a tool loop is open"
    if request.signals.work not in OF_THE_CONVERSATION:
        yield "apart", "it is a piece of work with a history of its own"


def _reasons(
    request: Request, session: Session, *, role: Role, asked: bool, failing: str
) -> Iterator[tuple[Cause, str]]:
    if asked and role != session.role:
        yield "asked", f"the caller asks for {role}"
    if failing:
        yield "failed", failing
    if role != session.role:
        yield "task", f"the work turns from {session.role} to {role}"
    if session.latch is not None and session.latch.calls >= LONGEST:
        yield "expired", f"the escalation has lasted {LONGEST} calls"
    if request.trajectory.compacted and request.messages < session.messages:
        yield "compacted", "the conversation was compacted"


def _begins(request: Request) -> bool:
    """Nobody but a person has spoken, once: the same words may begin many conversations."""
    return request.trajectory.turns <= 1 and request.trajectory.steps == 0


def is_locked(request: Request) -> bool:
    """A result comes back to the model that asked for it, unless a rule marks a boundary there."""
    counting = request.endpoint == "count_tokens"
    reports = request.loop_open or request.signals.work == "continuation"
    return counting or (reports and not request.signals.boundary)


def _rests(snapshot: Snapshot, session: Session) -> Iterator[tuple[Cause, str]]:
    """Idle for longer than its cache lives: what was read has to be read again by anybody."""
    name = session.deployment or ""
    warm = session.warm.get(name)
    provider = snapshot.providers.get(name.partition("/")[0])
    seconds = warm.seconds if warm else provider.cache_seconds if provider else 0.0
    if session.last is not None and snapshot.at - session.last > timedelta(seconds=seconds):
        rested = (snapshot.at - session.last).total_seconds() / 60
        yield "idle", f"it rested for {rested:,.0f} min, longer than {name} keeps what it has read"
    yield "turn", f"the conversation goes on with {name}"
