"""What became of the work, and what that says of who did it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

How = Literal["retry", "edits", "tests", "pushback", "git", "tool"]
"""How an outcome is known, the weakest first: the same request came again; edits went in and
nobody objected; tests ran; the person objected; the change was kept in the repository; a tool said
so. Where two say different things of a decision, the later word in this list counts."""
HOWS: tuple[How, ...] = ("retry", "edits", "tests", "pushback", "git", "tool")
WEAK: tuple[How, ...] = ("retry", "edits")
"""What is a hint and no proof: it moves estimates a little, and no guarantee."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of the work that began with a decision.

    `calls` and `cost` (USD) are what it took until this was known, `extra` what of that somebody
    else who was in force before would not have cost; None where a price is unknown.
    """

    decision: str
    at: datetime
    how: How
    accepted: bool
    topic: str
    """The kind of work, or `any ROLE` where its kind is not known."""
    deployment: str
    says: str
    calls: int = 0
    cost: Decimal | None = None
    extra: Decimal | None = None


class Standing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the outcomes of a deployment on a topic come to.

    `accepted` and `failed` are discounted by age, hints at a part of their weight; `passed` and
    `lost` count what was verified. `bound` is what the share of failures does not exceed (95 %,
    Clopper and Pearson), `refuted` says that it exceeds what is allowed (an e-process).
    """

    accepted: float = 0.0
    failed: float = 0.0
    passed: int = 0
    lost: int = 0
    bound: float = 1.0
    refuted: bool = False

    @property
    def verified(self) -> int:
        return self.passed + self.lost


def place(topic: str, deployment: str) -> str:
    """Where a standing is kept."""
    return f"{topic} {deployment}"
