"""What spending is worth, what it may come to, and what a choice is expected to cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from rolecall.types.words import ModelClass, Role

AtLimit = Literal["downgrade", "local", "refuse"]
"""What becomes of work once a budget is spent: the role fast plays it; the role local does; it is
refused until the next day."""
HandOver = Literal["short", "whole"]
"""What a model that takes over is sent: old tool results shortened, or all as it is."""
Cause = Literal[
    "first",
    "apart",
    "asked",
    "failed",
    "task",
    "compacted",
    "idle",
    "expired",
    "turn",
    "loop",
    "held",
]
"""Why another model may play from here on, and in the last three why it may not: a conversation's
first call, a chore with a history of its own, an explicit ask, a verified failure, other work than
before, a history that was compacted, a cache that has gone cold; then nothing of all that, an open
tool loop, a conversation that the provider keeps."""


class Boundary(Struct, frozen=True, kw_only=True):
    """Whether a model may change here, and why."""

    cause: Cause
    says: str

    @property
    def open(self) -> bool:
        return self.cause not in {"turn", "loop", "held"}


class Budget(Struct, frozen=True, kw_only=True):
    """Limits in USD per day of this machine's clock. What is left out has none.

    From the share `warn_at` on decisions say what will be done at the limit.
    """

    day: Decimal | None = None
    roles: dict[Role, Decimal] = {}
    workspaces: dict[str, Decimal] = {}
    people: dict[str, Decimal] = {}
    keys: dict[str, Decimal] = {}
    """By provider: what its key may spend."""
    warn_at: float = 0.8
    at_limit: AtLimit = "downgrade"

    @property
    def is_set(self) -> bool:
        every = (self.roles, self.workspaces, self.people, self.keys)
        return self.day is not None or any(every)

    @property
    def limits(self) -> dict[str, Decimal]:
        """By the name of what is limited: `day`, `role plan`, `workspace shop`, `person ada`."""
        found = {} if self.day is None else {"day": self.day}
        for word, given in (
            ("role", self.roles),
            ("workspace", self.workspaces),
            ("person", self.people),
            ("key", self.keys),
        ):
            found |= {f"{word} {name}": limit for name, limit in given.items()}
        return found


class Economics(Struct, frozen=True, kw_only=True):
    """What decides between models of a cascade. Amounts are USD.

    `silent_failure` is what a failure that nobody notices costs (H of DESIGN 7.3), `hour` what an
    hour of waiting does (lambda). `loss_allowed` is the share of failures (alpha, 7.6) within which
    a cheaper model may go before the stack's first, `outcomes_needed` how many verified outcomes of
    both that takes.
    """

    silent_failure: float = 5.0
    hour: float = 0.0
    loss_allowed: float = 0.1
    outcomes_needed: int = 20
    escalate: bool = True
    hand_over: HandOver = "short"
    budget: Budget = Budget()


class Evidence(Struct, frozen=True, kw_only=True):
    """What is held likely before one's own outcomes say better.

    `solves` is the mean share of tasks solved by class in the public tables that docs/bench.md
    describes, read 2026-11-24: swe-bench and swt-bench (for tests) of openhands_index, the fast
    ones of swebench_verified_mini. `again` is the median over pairs of models of
    P(second solves | first failed) / P(second solves) on swe-bench. `python -m benchmarks.evidence`
    prints all of it, by model. `weight` is what this counts for in outcomes (DESIGN, 7.3). What is
    `noticed` is assumed, not measured: the chance that somebody sees a failure, where tests ran and
    where none did.
    """

    solves: tuple[tuple[ModelClass, float], ...] = (
        ("frontier", 0.812),
        ("coding", 0.740),
        ("open-weight", 0.678),
        ("fast", 0.662),
    )
    solves_tests: tuple[tuple[ModelClass, float], ...] = (
        ("frontier", 0.804),
        ("coding", 0.605),
        ("open-weight", 0.603),
        ("fast", 0.370),
    )
    again: float = 0.35
    weight: float = 10.0
    noticed: float = 0.3
    noticed_tested: float = 0.9


class Forecast(Struct, frozen=True, kw_only=True):
    """What a deployment is expected to cost in this conversation, in USD.

    `call` is the next call, `turn` each later one, `fee` what reading the conversation anew costs
    above reading it from a cache. `breaks_even` is the number of calls after which moving to it
    from the one in force has paid; None where it never does, or nobody is in force. `chance` is
    that of an accepted result, by `outcomes` verified ones of one's own and public evidence;
    `expected` is the cost to an accepted result.
    """

    call: float
    turn: float
    fee: float
    breaks_even: float | None = None
    chance: float | None = None
    outcomes: int = 0
    expected: float | None = None
