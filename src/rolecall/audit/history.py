"""What a client's log tells: threads, the turns in them, and each answer of a model.

No text of a conversation is kept here, so that none can end up in the audit's own files.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from msgspec import Struct

from rolecall.types import Kind, Role, Usage, Work


class Counts(NamedTuple):
    """Tokens, in the meaning of `types.Usage`: input holds its cached parts, output reasoning."""

    input: int
    output: int
    read: int = 0
    write: int = 0
    reasoning: int = 0
    write_1h: int = 0

    @property
    def usage(self) -> Usage:
        return Usage(
            input_tokens=self.input,
            output_tokens=self.output,
            cache_read_input_tokens=self.read,
            cache_write_input_tokens=self.write,
            reasoning_tokens=self.reasoning,
            cache_write_1h_input_tokens=self.write_1h,
        )


class Call(Struct, frozen=True, kw_only=True, array_like=True):
    """One answer of a model. Calls with the same `id` are one call, wherever they are logged.

    `provider` is as the client names it, `stated` what the client says that it cost, in USD.
    `lump` marks several calls of which only their sum is known.
    """

    id: str
    at: datetime
    turn: int
    model: str
    counts: Counts
    provider: str = ""
    work: Work = "turn"
    stated: Decimal | None = None
    lump: bool = False
    role: Role | None = None
    """The role that rolecall decided on; None where the call did not come by it."""
    seconds: float = 0.0
    """How long it took, where that is known."""


class Turn(Struct, frozen=True, kw_only=True, array_like=True):
    """From what a person typed to what they typed next.

    `kinds` holds the chance of each kind, the likeliest first; empty where nobody typed. The counts
    are of this turn alone. `same_failures` is how often in a row tests failed as before, `objected`
    says that the next words of the person object to what was done.
    """

    at: datetime
    kinds: dict[Kind, float] = {}
    steps: int = 0
    edits: int = 0
    edits_failed: int = 0
    reverts: int = 0
    tested: int = 0
    tests: Literal["none", "passed", "failed"] = "none"
    same_failures: int = 0
    objected: bool = False

    @property
    def failed(self) -> bool:
        """Whether something verifies that the work did not succeed."""
        return self.tests == "failed" or self.objected

    @property
    def succeeded(self) -> bool:
        """Whether something verifies that it did."""
        return self.tests == "passed" and not self.objected


class Thread(Struct, frozen=True, kw_only=True):
    """One history. `work` is what all of it is: a `subagent`, an `approval`, or plain turns.

    `parent` is the session that a sub-agent works for. `plan` is the subscription that the log
    names. `approximate` says that the client logs rounded counts, `untimed` that all its calls
    have the time at which it began.
    """

    client: str
    session: str
    place: str
    workspace: str = ""
    parent: str = ""
    work: Work = "turn"
    plan: str = ""
    approximate: bool = False
    untimed: bool = False
    turns: tuple[Turn, ...] = ()
    calls: tuple[Call, ...] = ()
