"""Pieces of work: a turn with its calls, who played it, what it cost, what it was about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from rolecall.audit.history import Call, Thread, Turn
from rolecall.audit.tariffs import Served, Tariffs
from rolecall.types import Kind, ModelClass, Role, Work

HARNESS: tuple[Work, ...] = (
    *("title", "summary", "compaction", "approval", "memory", "commit", "chore"),
)
"""What a client asks for on its own account."""


class Bill(Struct, frozen=True, kw_only=True):
    """A call and what it cost, in USD; None where no price is known."""

    call: Call
    served: Served
    cost: Decimal | None


class Piece(Struct, frozen=True, kw_only=True):
    """What was done for one turn, in the order of its calls.

    `role` and `kind` are recognised as rolecall would: by what the client does, by the words, else
    by default; `chance` is how sure that is, 1 where structure says so. `number` is the place of
    the turn in its thread. `cost` is USD of the calls whose price is known, `unpriced` counts those
    whose price is not.
    """

    thread: Thread
    number: int
    turn: Turn
    bills: tuple[Bill, ...]
    work: Work
    role: Role
    kind: Kind | None
    chance: float
    cost: Decimal
    unpriced: int
    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int

    @property
    def at(self) -> datetime:
        return self.bills[0].call.at

    @property
    def served(self) -> Served:
        """Who answered last: it is the one that ended the work."""
        return self.bills[-1].served

    @property
    def model_class(self) -> ModelClass | None:
        return self.served.model_class

    @property
    def is_local(self) -> bool:
        return self.served.local

    @property
    def topic(self) -> str:
        return self.kind or f"any {self.role}"


class Rules(Struct, frozen=True, kw_only=True):
    """Who plays what, and from which chance on words are followed."""

    work_roles: Mapping[Work, Role]
    kind_roles: Mapping[Kind, Role]
    default_role: Role
    text_confidence: float


def pieces_of(
    threads: Iterable[Thread], tariffs: Tariffs, rules: Rules, since: datetime
) -> list[Piece]:
    """The pieces of all threads since a moment, by thread and in order."""
    return [piece for thread in threads for piece in _pieces(thread, tariffs, rules, since)]


def _pieces(thread: Thread, tariffs: Tariffs, rules: Rules, since: datetime) -> Iterator[Piece]:
    """Work of the harness within a thread is a piece of its own."""
    before: Role | None = None
    for number, calls in sorted(_by_turn(thread.calls, since).items()):
        turn = thread.turns[number] if number < len(thread.turns) else Turn(at=calls[0].at)
        main = [one for one in calls if one.work not in HARNESS]
        apart = [[one] for one in calls if one.work in HARNESS]
        for group in ([main] if main else []) + apart:
            found = _role(group[0], turn, rules, before)
            yield _piece(thread, number, turn, [_bill(call, tariffs) for call in group], found)
            if group is main:
                before = found[0]


def _piece(
    thread: Thread,
    number: int,
    turn: Turn,
    bills: Sequence[Bill],
    told: tuple[Role, Kind | None, float],
) -> Piece:
    """A piece with the sums of its bills."""
    cost, unpriced, sent, wrote, read = Decimal(0), 0, 0, 0, 0
    for bill in bills:
        counts = bill.call.counts
        sent += counts.input
        wrote += counts.output
        read += counts.read
        if bill.cost is None:
            unpriced += 1
        else:
            cost += bill.cost
    work = bills[0].call.work
    role, kind, chance = told
    return Piece(
        thread=thread,
        number=number,
        turn=turn,
        bills=tuple(bills),
        work="turn" if work == "continuation" else work,
        role=role,
        kind=kind,
        chance=chance,
        cost=cost,
        unpriced=unpriced,
        input_tokens=sent,
        output_tokens=wrote,
        cache_read_input_tokens=read,
    )


def following(pieces: Iterable[Piece]) -> dict[int, Piece]:
    """By the `id()` of a piece, the next one of its thread."""
    pairs = pairwise(pieces)
    return {id(one): other for one, other in pairs if one.thread is other.thread}


def _by_turn(calls: Sequence[Call], since: datetime) -> dict[int, list[Call]]:
    found: dict[int, list[Call]] = {}
    for call in calls:
        if call.at >= since:
            found.setdefault(call.turn, []).append(call)
    return found


def _bill(call: Call, tariffs: Tariffs) -> Bill:
    served = tariffs.served(call.provider, call.model)
    return Bill(call=call, served=served, cost=tariffs.billed(call, served))


def _role(
    call: Call, turn: Turn, rules: Rules, before: Role | None
) -> tuple[Role, Kind | None, float]:
    """The role of a piece, its kind, and how sure that is."""
    told = rules.work_roles.get(call.work)
    if told is not None:
        return call.role or told, None, 1.0
    role, chance = _read(turn, rules, before)
    kind = next(iter(turn.kinds), None)
    clear = kind is not None and rules.kind_roles.get(kind) == role
    if call.role is not None:
        return call.role, kind if clear and chance >= rules.text_confidence else None, chance
    if chance >= rules.text_confidence:
        return role, kind if clear else None, chance
    return rules.default_role, None, 0.0


def _read(turn: Turn, rules: Rules, before: Role | None) -> tuple[Role, float]:
    """The likeliest role by the words of a turn; a follow-up has that of the turn before."""
    chances: dict[Role, float] = {}
    for kind, chance in turn.kinds.items():
        role = rules.kind_roles.get(kind) or before or rules.default_role
        chances[role] = chances.get(role, 0.0) + chance
    if not chances:
        return rules.default_role, 0.0
    return max(chances.items(), key=lambda one: one[1])
