"""A cheaper role is withdrawn from a kind of work where outcomes refute it (DESIGN, 7.6). Pure."""

from __future__ import annotations

from rolecall.routing.estimates import standing
from rolecall.types import Kind, Opinion, Reason, Request, Role, Snapshot

DOWN: dict[Role, Role] = {"fast": "code"}
"""A role that is cheaper than the default one, and who plays where it is withdrawn."""


def raised(role: Role, reason: Reason, request: Request, snapshot: Snapshot) -> tuple[Role, Reason]:
    """The role, or the next one up where the first of its cascade has been refuted for this kind.

    What the caller asks for and what a rule of structure decides stand: nobody's outcomes speak of
    a title.
    """
    up = DOWN.get(role)
    kind = _kind(reason, snapshot)
    if up is None or kind is None or not snapshot.standings:
        return role, reason
    cascade = snapshot.stack.get(role, ())
    own = standing(kind, cascade[0], snapshot) if cascade else None
    if own is None or not own.refuted or request.loop_open:
        return role, reason
    runner_up = Opinion(
        ground=reason.ground,
        rule=reason.rule,
        role=role,
        says=reason.says,
        confidence=reason.confidence,
    )
    allowed = snapshot.economics.loss_allowed
    says = (
        f"{cascade[0]} failed at {kind} in {own.lost} of {own.verified} verified outcomes, "
        f"more than the {allowed:.0%} that are allowed"
    )
    return up, Reason(ground="evidence", rule=f"guarantee.{kind}", says=says, runner_up=runner_up)


def _kind(reason: Reason, snapshot: Snapshot) -> Kind | None:
    """The kind that the words of the turn gave the role by."""
    if reason.ground != "text":
        return None
    name = reason.rule.removeprefix("text.")
    return next((kind for kind in snapshot.kind_roles if kind == name), None)
