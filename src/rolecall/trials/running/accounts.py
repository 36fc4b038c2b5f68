"""What runs cost, read from the ledger: its calls bear the mark of their run, and of the try."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from rolecall.gateway.ids import decision_id
from rolecall.ledger.store import Ledger
from rolecall.ledger.trials import calls_marked
from rolecall.types import Attempt, Record


class Account(Struct, frozen=True, kw_only=True):
    """What one try of a run took. `cost` is None where a price is unknown.

    `others` are USD of other tries of it. `strangers` answered in the candidate's place, `private`
    is the rule that kept the work somewhere, where one did.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = Decimal(0)
    others: Decimal = Decimal(0)
    decisions: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    private: str = ""

    @property
    def total(self) -> Decimal:
        return (self.cost or Decimal(0)) + self.others


def first_id(at: datetime) -> str:
    """No decision from this moment on has a smaller id."""
    return decision_id(int(at.timestamp() * 1000), 0).partition("-")[0]


def account(ledger: Ledger, run: str, mark: str, *, after: str, candidate: str) -> Account:
    """What the try with this mark took, and what others of the run did since."""
    found = calls_marked(ledger, f"{run} ", after)
    own = [one for one in found if one.request.why == mark]
    others = [one for one in found if one.request.why != mark]
    generated = [one for one in own if one.request.endpoint == "generate"]
    attempts = [attempt for one in own for attempt in one.attempts]
    usages = [one.usage for one in attempts if one.usage is not None]
    answered = {one.deployment for one in attempts if one.outcome == "answered"}
    return Account(
        calls=len(generated),
        input_tokens=sum(one.input_tokens for one in usages),
        output_tokens=sum(one.output_tokens for one in usages),
        cost=_cost(attempts),
        others=sum((_known(one) for one in others), Decimal(0)),
        decisions=tuple(one.decision.id for one in generated),
        strangers=tuple(sorted(answered - {candidate})),
        private=next((limit.rule for one in own for limit in one.decision.limits), ""),
    )


def spent_before(ledger: Ledger, trial: str, after: str) -> dict[str, Decimal]:
    """USD of everything that a trial has asked until now, by run."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for one in calls_marked(ledger, f"trial {trial} ", after):
        found[(one.request.why or "").partition(" try ")[0]] += _known(one)
    return found


def _cost(attempts: Iterable[Attempt]) -> Decimal | None:
    """None where somebody answered at a price that nobody knows."""
    used = [one for one in attempts if one.usage is not None or one.cost is not None]
    costs = [one.cost for one in used if one.cost is not None]
    return sum(costs, Decimal(0)) if len(costs) == len(used) else None


def _known(record: Record) -> Decimal:
    return sum((one.cost for one in record.attempts if one.cost is not None), Decimal(0))
