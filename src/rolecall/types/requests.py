"""What a client asked, and what is known of its conversation."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from rolecall.types.privacy import Limit
from rolecall.types.words import Dialect, Kind, Role, Work


class Signal(Struct, frozen=True, kw_only=True):
    """One fact read off a request: the rule that saw it, and a sentence for the user."""

    rule: str
    says: str


class Signals(Struct, frozen=True, kw_only=True):
    """What the structure of a request says about the work, and what its words do.

    `agent` is what an unknown client calls itself in its `User-Agent`. `kinds` holds the chance of
    each kind that the last typed turn asks for it, the likeliest first; empty where nobody typed.
    """

    client: str | None = None
    client_version: str | None = None
    agent: str | None = None
    session: str | None = None
    work: Work = "turn"
    decided_by: Signal | None = None
    """The rule that named `work`, where one did."""
    generic: bool = False
    """That rule is not about this client in particular."""
    boundary: bool = False
    """That rule lets another model play although a tool loop is open."""
    role: Role | None = None
    """The role that this rule names outright, where it does."""
    confidence: float = 1.0
    """How often that rule is right, where it was measured."""
    prompt: str | None = None
    """A digest of the system prompt, at the first turn of a conversation with a session id."""
    kinds: dict[Kind, float] = {}
    seen: tuple[Signal, ...] = ()


class Trajectory(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has happened in a conversation so far, read off its messages.

    `reads`, `searches`, `edits` and `runs` count tool calls by what they do. `steps` counts tool
    results since a person last spoke, `idle` those since the last edit that went in. `tested`
    counts test runs that told something, `tests` is the last of them; `failures` counts failing
    runs in a row, `same_failures` how many of these failed as the one before did, `failure` stands
    for how.
    """

    messages: int = 0
    turns: int = 0
    steps: int = 0
    idle: int = 0
    reads: int = 0
    searches: int = 0
    edits: int = 0
    edits_failed: int = 0
    reverts: int = 0
    """Edits that put back what one of the newest edits had replaced."""
    runs: int = 0
    tested: int = 0
    tests: Literal["none", "passed", "failed"] = "none"
    failures: int = 0
    same_failures: int = 0
    failure: int = 0
    pushed_back: bool = False
    """The person's last words object to what was done."""
    pushbacks: int = 0
    compacted: bool = False
    """The conversation begins with, or contains, a summary of an earlier one."""


class Carried(Struct, frozen=True, kw_only=True):
    """What of a request reaches a deployment that speaks another dialect.

    `losses` is what is left out or told otherwise; `refused` says why it cannot be sent at all.
    """

    losses: tuple[str, ...] = ()
    refused: str | None = None


class Request(Struct, frozen=True, kw_only=True):
    """What a client asked, parsed: facts only, never a body, a prompt or a key.

    `asked_model` is the `model` value of the body; `asked_role` and `why` come from the headers
    `x-rolecall-role` and `x-rolecall-why`. `body_bytes` is the size after decompression.
    """

    dialect: Dialect
    endpoint: Literal["generate", "count_tokens"] = "generate"
    workspace: str | None = None
    person: str | None = None
    """Whose token was shown, where tokens have names."""
    limits: tuple[Limit, ...] = ()
    """What privacy asks of every provider that this request goes to."""
    redacted: int = 0
    """Secrets that placeholders stand for in what is sent."""
    lifted: tuple[Limit, ...] = ()
    """What privacy asked before they stood there."""
    asked_model: str
    asked_role: Role | None = None
    asked_by: str | None = None
    """Who asks for that role, in words, where it is not the header."""
    why: str | None = None
    stream: bool = False
    body_bytes: int
    messages: int
    tools: int
    max_tokens: int | None = None
    loop_open: bool = False
    """The last message is a tool's result: the model is in the middle of a tool loop."""
    trajectory: Trajectory = Trajectory()
    carried: dict[str, Carried] = {}
    """By deployment, where the request was translated for one."""
    thoughts: bool = False
    """It brings back reasoning of a model, which no other can read."""
    continues: str | None = None
    """The answer whose conversation a provider keeps, and that this request goes on with."""
    fills: bool = False
    """It asks for a text to go on, in the middle or at its end; it is no conversation."""
    signals: Signals
