"""What is in force in a conversation, and what it has come to so far."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from rolecall.types.words import Role

Reach = Literal["unknown", "nothing", "input", "all"]
"""What a provider that caches by itself has kept of a call: also what the model has written, or
what was sent alone, or nothing."""


class Warm(Struct, frozen=True):
    """The beginning of a conversation that a deployment has cached, and when it was used last.

    `seconds` is how long its provider keeps it after that, `input` what the last call sent, and
    `reach` what of a call is in the cache at the next one, as far as one was seen to tell.
    """

    tokens: int
    at: datetime
    seconds: float
    input: int = 0
    reach: Reach = "unknown"


class Turn(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The piece of work under way: since a person last spoke.

    `decision` began it, `deployment` answered last in it. The counts are the trajectory's at its
    beginning; `told` is what was said of its tests so far.
    """

    decision: str
    topic: str
    deployment: str
    messages: int = 0
    turns: int = 0
    tested: int = 0
    edits: int = 0
    told: Literal["none", "passed", "failed"] = "none"
    calls: int = 0
    cost: Decimal | None = Decimal(0)
    extra: Decimal | None = None


class Latch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An escalation in force: who plays in whose place since which decision, and why.

    `tested`, `pushbacks` and `reverts` are the trajectory's counts then: what comes after them is
    new. `kept` is the number of messages at the hand-over, before which old results are shortened.
    """

    decision: str
    role: Role
    before: str
    now: str
    says: str
    tested: int = 0
    pushbacks: int = 0
    reverts: int = 0
    calls: int = 0
    kept: int = 0


class Session(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is in force in a conversation before this request; nothing yet in a new one.

    `kept` is the role that a follow-up keeps: the last that was decided by words, by the model's
    name or by default. A rule or an ask says itself how long it holds. `tokens` is the input of the
    last call as its provider counted it, `body_bytes` its size; `growth` and `written` are the mean
    new input and output of a call, in tokens.
    """

    key: str
    role: Role | None = None
    kept: Role | None = None
    deployment: str | None = None
    turns: int = 0
    """Calls that were answered."""
    players: tuple[str, ...] = ()
    """All deployments that have answered in it."""
    holder: str | None = None
    """The deployment whose provider keeps the conversation that this request goes on with."""
    last: datetime | None = None
    body_bytes: int = 0
    messages: int = 0
    tokens: int = 0
    growth: float = 0.0
    written: float = 0.0
    warm: dict[str, Warm] = {}
    writes: bool | None = None
    """Whether the client marks what is to be cached; None where nothing tells."""
    spent: Decimal = Decimal(0)
    private: tuple[str, ...] = ()
    """The rules of privacy that it has met."""
    turn: Turn | None = None
    latch: Latch | None = None
