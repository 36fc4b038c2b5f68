"""What has been spent of what may be spent, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from rolecall.types import AtLimit, Budget, Opinion, Reason, Request, Role, Snapshot


class State(Struct, frozen=True, kw_only=True):
    """A limit that this request counts towards. Amounts are USD of today."""

    name: str
    spent: Decimal
    limit: Decimal

    @property
    def is_spent(self) -> bool:
        return self.spent >= self.limit

    @property
    def says(self) -> str:
        whose = "today's" if self.name == "day" else f"today's {self.name}"
        return f"${self.spent:.2f} of {whose} ${self.limit:.2f} is spent"


def names(
    *, role: str, workspace: str | None, person: str | None, deployment: str | None
) -> Iterator[str]:
    """What a call counts towards, by the names of `Budget.limits`."""
    yield "day"
    yield f"role {role}"
    if workspace is not None:
        yield f"workspace {workspace}"
    if person is not None:
        yield f"person {person}"
    if deployment is not None:
        yield f"key {deployment.partition('/')[0]}"


def states(request: Request, role: Role, snapshot: Snapshot) -> list[State]:
    """The limits in question, the nearest to its end first; of keys that of who plays first."""
    limits = snapshot.economics.budget.limits
    counted = names(
        role=role,
        workspace=request.workspace,
        person=request.person,
        deployment=next(iter(snapshot.stack.get(role, ())), None),
    )
    found = [
        State(name=name, spent=snapshot.spent.get(name, Decimal(0)), limit=limits[name])
        for name in counted
        if name in limits
    ]
    return sorted(found, key=lambda one: one.limit - one.spent)


def warning(found: list[State], budget: Budget) -> str | None:
    """Near a limit: what will be done there."""
    warn_at = Decimal(str(budget.warn_at))
    near = next((one for one in found if one.spent >= one.limit * warn_at), None)
    return None if near is None else f"{near.says}; {_WILL[budget.at_limit]}"


_WILL: dict[AtLimit, str] = {
    "downgrade": "then the role fast plays",
    "local": "then the role local plays",
    "refuse": "then requests are refused until tomorrow",
}
"""What is said before it is done."""


class Money(Struct, frozen=True, kw_only=True):
    """The role that is left to a request, what is to be told, and why nobody may play, if so."""

    role: Role
    reason: Reason
    notes: tuple[str, ...] = ()
    refusal: str | None = None


def afforded(role: Role, reason: Reason, request: Request, snapshot: Snapshot) -> Money:
    """What a budget leaves. In an open tool loop no role changes: it does at the next boundary."""
    budget = snapshot.economics.budget
    if not budget.is_set:
        return Money(role=role, reason=reason)
    found = states(request, role, snapshot)
    spent = next((one for one in found if one.is_spent), None)
    if spent is None:
        said = warning(found, budget)
        return Money(role=role, reason=reason, notes=() if said is None else (said,))
    other = instead(role, budget.at_limit)
    if other is None:
        return Money(role=role, reason=reason, notes=(spent.says,), refusal=spent.says)
    if other == role or request.loop_open:
        return Money(role=role, reason=reason, notes=(spent.says,))
    return Money(role=other, reason=_downgraded(role, reason, spent), notes=(spent.says,))


def _downgraded(role: Role, reason: Reason, spent: State) -> Reason:
    """Why a cheaper role plays."""
    return Reason(
        ground="budget",
        rule=f"budget.{spent.name}",
        says=spent.says,
        runner_up=Opinion(
            ground=reason.ground,
            rule=reason.rule,
            role=role,
            says=reason.says,
            confidence=reason.confidence,
        ),
    )


def instead(role: Role, at_limit: AtLimit) -> Role | None:
    """Who plays once a budget is spent; None where nobody does."""
    match at_limit:
        case "downgrade":
            return role if role == "local" else "fast"
        case "local":
            return "local"
        case "refuse":
            return None
