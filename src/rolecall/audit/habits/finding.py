"""What a habit's rule finds, and what it looks at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from rolecall.audit.pieces import Bill, Piece
from rolecall.audit.table import SOURCES
from rolecall.audit.tariffs import Served, Tariffs
from rolecall.config.known import Known
from rolecall.types import Role, Snapshot

Money = Literal["saved", "spent", "lost"]
"""What the money of a finding is: what the same tokens would have cost less, what was spent on work
that went wrong, or what was paid for reading again."""
Habit = Literal[
    "premium-on-trivial",
    "fast-on-hard",
    "local-that-fails",
    "churn",
    "caches-lost",
    "premium-chores",
    "premium-subagents",
    "runaway-loops",
    "retiring-models",
]
_SHOWN = 20
"""Sessions that a finding names, the dearest first."""


class Seen(Struct, frozen=True, kw_only=True):
    """A session in which a habit was seen. `place` is the log that holds it, `money` USD."""

    client: str
    session: str
    workspace: str
    place: str
    at: datetime
    model: str
    says: str
    money: Decimal


class Change(Struct, frozen=True, kw_only=True):
    """What answers a finding: an edit of `rolecall.toml`, or a command to run instead.

    `roles` sets who plays a role first, `kinds` who plays a kind, `successors` replaces names.
    """

    says: str
    roles: dict[Role, str] = {}
    kinds: dict[str, Role] = {}
    successors: dict[str, str] = {}
    command: str = ""

    @property
    def is_edit(self) -> bool:
        return bool(self.roles or self.kinds or self.successors)


class Finding(Struct, frozen=True, kw_only=True):
    """A habit that was seen. `confidence` is a chance, and `sure` says where it comes from."""

    id: Habit
    title: str
    says: str
    count: int
    of: int
    """How many pieces of work could have shown it."""
    money: Decimal
    money_is: Money
    confidence: float
    sure: str
    seen: tuple[Seen, ...]
    sessions: int
    change: Change | None = None


class Scene(Struct, frozen=True, kw_only=True):
    """What rules look at: all pieces, prices, the stack in force if there is one, and the time."""

    pieces: Sequence[Piece]
    tariffs: Tariffs
    known: Known
    stack: Snapshot | None
    at: datetime
    sure: float
    """The chance from which words are followed."""

    def player(self, role: Role, beside: Served) -> Served | None:
        """Who plays a role: by the stack, else by what its provider is known for."""
        if self.stack is not None and self.stack.stack.get(role):
            return self.tariffs.deployment(self.stack.stack[role][0])
        name = self.tariffs.suggested(beside.provider).get(role)
        return None if name is None else self.tariffs.served(beside.provider, name)


def connecting(client: str) -> str:
    """The command that leads a client through rolecall; of any other it is not known."""
    source = SOURCES.get(client)
    return f"rolecall connect {(source.connect or source.name) if source else '--list'}"


def playing(role: Role, first: Served, provider: str, scene: Scene) -> Change | None:
    """Somebody else plays a role before `first`: who plays it at a provider by its suggestion."""
    name = scene.tariffs.suggested(provider).get(role)
    if name is None:
        return None
    new = f"{provider}/{name}"
    return Change(says=f"{new} plays {role} in place of {first.name}", roles={role: new})


def instead(bills: Iterable[Bill], other: Served) -> Decimal:
    """USD that the same tokens would have cost less with another model; never below nothing.

    Calls whose price is unknown, with either, count nothing.
    """
    total = Decimal(0)
    for bill in bills:
        there = other.cost(bill.call.counts, bill.call.at)
        if bill.cost is not None and there is not None:
            total += bill.cost - there
    return max(total, Decimal(0))


def shown(found: Iterable[tuple[Piece, Decimal, str]]) -> tuple[tuple[Seen, ...], int]:
    """The sessions of some pieces, each once and the dearest first, and how many there are."""
    by_session: dict[tuple[str, str], Seen] = {}
    for piece, money, says in found:
        key = (piece.thread.client, piece.thread.session)
        known = by_session.get(key)
        if known is not None and known.money >= money:
            continue
        by_session[key] = Seen(
            client=piece.thread.client,
            session=piece.thread.session,
            workspace=piece.thread.workspace,
            place=piece.thread.place,
            at=piece.at,
            model=piece.served.name,
            says=says,
            money=money,
        )
    ordered = sorted(by_session.values(), key=lambda one: (-one.money, one.at))
    return tuple(ordered[:_SHOWN]), len(ordered)


def average(chances: Sequence[float]) -> float:
    return round(sum(chances) / len(chances), 3) if chances else 0.0
