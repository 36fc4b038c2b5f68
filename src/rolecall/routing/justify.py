"""Why the strongest class is deserved: if nobody can explain it, it does not play."""

from __future__ import annotations

from rolecall.routing.boundaries import LONGEST
from rolecall.routing.roles import Ask
from rolecall.types import Justification, Latch, Reason, Request, Role, Snapshot

_HARD: tuple[Role, ...] = ("plan", "review")
"""Roles whose work the strongest class is meant for."""


def justification(
    role: Role, reason: Reason, ask: Ask | None, request: Request, snapshot: Snapshot
) -> Justification | None:
    """The ground on which a deployment of the strongest class may play this request.

    A rule or an ask outranks the stack. A role that borrows its cascade from planning or review
    has not been given the strongest class by anybody.
    """
    if ask is not None:
        says = f"{ask.says}: {request.why}" if request.why else ask.says
        return Justification(kind="ask", says=says, until="another is asked for")
    if reason.ground == "rule" and role in _HARD:
        says = f"{reason.rule}: {reason.says}"
        return Justification(kind="rule", says=says, until="the rule no longer holds")
    lender = snapshot.borrowed.get(role)
    if lender is None:
        says = f"the stack assigns it to the role {role}"
        return Justification(kind="stack", says=says, until=_STACK)
    if role in _HARD or lender not in _HARD:
        says = f"the stack assigns it to {lender}, which plays {role} too"
        return Justification(kind="stack", says=says, until=_STACK)
    return None


_STACK = "the stack is changed"


def by_failure(latch: Latch) -> Justification:
    """The ground of an escalation."""
    until = f"the task changes, at most {LONGEST} calls"
    return Justification(kind="failure", says=latch.says, until=until)
