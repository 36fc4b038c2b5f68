"""A stack of five roles, and decisions taken in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from rolecall.config.build import build
from rolecall.config.known import shipped
from rolecall.config.settings import RoutingSettings, Settings
from rolecall.routing.decide import decide
from rolecall.types import Attempt, Decision, Record, Role, Session, Snapshot
from routing.examples import CLAUDE, TOOLS, Example

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KNOWN = shipped()
ROLES: dict[Role, tuple[str, ...]] = {
    "plan": ("anthropic/claude-opus-5-5",),
    "review": ("openai/gpt-6-astra", "anthropic/claude-opus-5-5"),
    "code": ("anthropic/claude-sonnet-5-5", "openai/gpt-6.1-sol"),
    "fast": ("openai/gpt-6-luna", "anthropic/claude-haiku-5-5"),
    "local": ("ollama/qwen3-coder:30b",),
}
TURN = Example(headers=CLAUDE, tools=TOOLS)


def world(roles: dict[Role, tuple[str, ...]] | None = None, **settings: Any) -> Snapshot:
    """Words are not read unless a test says so."""
    given = ROLES if roles is None else roles
    settings.setdefault("routing", RoutingSettings(text_confidence=1))
    return build(Settings(roles=given, **settings), KNOWN, rules="r1", at=AT)


def decided(
    example: Example, snapshot: Snapshot, session: Session | None = None, **headers: str
) -> Decision:
    """What is decided for an example; in headers `_` stands for `-`."""
    taken = example.taken(**{name.replace("_", "-"): value for name, value in headers.items()})
    return decide(taken.request, snapshot, session or Session(key=taken.thread), id="d")


def asking(model: str, example: Example = TURN) -> Example:
    return msgspec.structs.replace(example, more={**example.more, "model": model})


def record(example: Example, snapshot: Snapshot, session: Session | None = None) -> Record:
    """The record of a request that was answered."""
    taken = example.taken()
    session = session or Session(key=taken.thread)
    return Record(
        decision=decide(taken.request, snapshot, session, id="d"),
        request=taken.request,
        session=session,
        health=snapshot.health,
        attempts=(Attempt(deployment="x", started=AT, outcome="answered"),),
        status=200,
        total=1.0,
    )
