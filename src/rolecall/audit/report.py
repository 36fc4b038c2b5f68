"""What an audit says: the spending by whatever one asks, the habits, the changes worth most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from rolecall.audit.apply import Since
from rolecall.audit.habits.finding import Finding, Scene
from rolecall.audit.habits.table import findings
from rolecall.audit.pieces import Bill, Piece
from rolecall.audit.read import History
from rolecall.audit.table import SOURCES

_WORTH = 3
"""Changes that are proposed."""


class Sum(Struct, frozen=True, kw_only=True):
    """What one name stands for. `cost` is USD of the calls whose price is known.

    `input_tokens` holds the cached parts. `unpriced` calls have no known price.
    """

    name: str
    calls: int = 0
    input_tokens: int = 0
    cache_read_input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0


class Day(Struct, frozen=True, kw_only=True):
    """USD of one day (UTC) with one model."""

    day: date
    model: str
    role: str
    cost: Decimal


class Covered(Struct, frozen=True, kw_only=True):
    """What came by a subscription: its price is that of the API, not what was paid."""

    plan: str
    client: str
    cost: Decimal


class Report(Struct, frozen=True, kw_only=True):
    """An audit. `notes` is what its figures leave out, and what could not be read."""

    since: datetime
    until: datetime
    sessions: int
    turns: int
    total: Sum
    by_role: tuple[Sum, ...]
    by_model: tuple[Sum, ...]
    by_client: tuple[Sum, ...]
    by_repository: tuple[Sum, ...]
    by_day: tuple[Day, ...]
    findings: tuple[Finding, ...]
    worth: tuple[Finding, ...]
    covered: tuple[Covered, ...]
    applied: tuple[Since, ...]
    notes: tuple[str, ...]


def report(
    history: History, scene: Scene, since: datetime, applied: Sequence[Since] = ()
) -> Report:
    """The audit of a history whose pieces are in the scene."""
    pieces = scene.pieces
    found = findings(scene)
    by_role = sums(pieces, lambda piece: piece.role)
    return Report(
        since=since,
        until=scene.at,
        sessions=len({(p.thread.client, p.thread.session) for p in pieces}),
        turns=sum(p.work == "turn" for p in pieces),
        total=_sum("all", by_role),
        by_role=by_role,
        by_model=_by_model(pieces),
        by_client=sums(pieces, lambda piece: piece.thread.client),
        by_repository=sums(pieces, lambda piece: piece.thread.workspace or "unknown"),
        by_day=_by_day(pieces),
        findings=tuple(found),
        worth=tuple(one for one in found if one.change is not None and one.money)[:_WORTH],
        covered=_covered(pieces),
        applied=tuple(applied),
        notes=tuple(_notes(history, pieces)),
    )


def sums(pieces: Iterable[Piece], name: Callable[[Piece], str]) -> tuple[Sum, ...]:
    """The sums by a name of the pieces, the dearest first."""
    totals: dict[str, _Total] = {}
    for piece in pieces:
        key = name(piece)
        total = totals.get(key)
        if total is None:
            total = totals[key] = _Total()
        total.take(piece)
    return _ordered(total.sum(key) for key, total in totals.items())


def _ordered(found: Iterable[Sum]) -> tuple[Sum, ...]:
    return tuple(sorted(found, key=lambda one: (-one.cost, -one.input_tokens, one.name)))


def _by_model(pieces: Iterable[Piece]) -> tuple[Sum, ...]:
    """A piece may be played by several: it counts for each with its own calls."""
    totals: dict[str, _Total] = {}
    for piece in pieces:
        if _is_alone(piece):
            totals.setdefault(piece.served.name, _Total()).take(piece)
            continue
        for bill in piece.bills:
            totals.setdefault(bill.served.name, _Total()).take_bill(bill)
    return _ordered(total.sum(name) for name, total in totals.items())


def _is_alone(piece: Piece) -> bool:
    first = piece.bills[0].served
    return all(bill.served is first for bill in piece.bills)


def _sum(name: str, parts: Iterable[Sum]) -> Sum:
    """What several come to."""
    total = _Total()
    for one in parts:
        total.add(one)
    return total.sum(name)


class _Total:
    """A sum while it grows."""

    def __init__(self) -> None:
        self._calls = self._sent = self._read = self._wrote = self._unpriced = 0
        self._cost = Decimal(0)

    def take(self, piece: Piece) -> None:
        self._calls += len(piece.bills)
        self._sent += piece.input_tokens
        self._read += piece.cache_read_input_tokens
        self._wrote += piece.output_tokens
        self._unpriced += piece.unpriced
        self._cost += piece.cost

    def take_bill(self, bill: Bill) -> None:
        counts = bill.call.counts
        self._calls += 1
        self._sent += counts.input
        self._read += counts.read
        self._wrote += counts.output
        self._unpriced += bill.cost is None
        self._cost += bill.cost or 0

    def add(self, one: Sum) -> None:
        self._calls += one.calls
        self._sent += one.input_tokens
        self._read += one.cache_read_input_tokens
        self._wrote += one.output_tokens
        self._unpriced += one.unpriced
        self._cost += one.cost

    def sum(self, name: str) -> Sum:
        return Sum(
            name=name,
            calls=self._calls,
            input_tokens=self._sent,
            cache_read_input_tokens=self._read,
            output_tokens=self._wrote,
            cost=self._cost,
            unpriced=self._unpriced,
        )


def _by_day(pieces: Iterable[Piece]) -> tuple[Day, ...]:
    """A piece that spans midnight counts for the day on which it began."""
    found: dict[tuple[date, str, str], Decimal] = {}
    for piece in pieces:
        if piece.cost:
            key = (piece.at.date(), piece.served.name, piece.role)
            known = found.get(key)
            found[key] = piece.cost if known is None else known + piece.cost
    return tuple(
        Day(day=day, model=model, role=role, cost=cost)
        for (day, model, role), cost in sorted(found.items())
    )


def _covered(pieces: Iterable[Piece]) -> tuple[Covered, ...]:
    found: dict[tuple[str, str], Decimal] = {}
    for piece in pieces:
        if piece.thread.plan:
            key = (piece.thread.plan, piece.thread.client)
            found[key] = found.get(key, Decimal(0)) + piece.cost
    return tuple(Covered(plan=plan, client=name, cost=c) for (plan, name), c in found.items())


def _notes(history: History, pieces: Sequence[Piece]) -> Iterable[str]:
    """What one has to know to believe the figures."""
    unpriced: dict[str, int] = {}
    for piece in pieces:
        for bill in piece.bills if piece.unpriced else ():
            if bill.cost is None:
                unpriced[bill.served.name] = unpriced.get(bill.served.name, 0) + 1
    for name, calls in sorted(unpriced.items(), key=lambda one: -one[1]):
        yield f"{name}: {calls:,} calls without a known price, counted as $0"
    for client in sorted({piece.thread.client for piece in pieces}):
        source = SOURCES.get(client)
        if source is not None and source.note:
            yield f"{client}: {source.note}"
    yield from _skipped(history.skipped)


def _skipped(skipped: Mapping[str, Mapping[str, int]]) -> Iterable[str]:
    for source, counts in skipped.items():
        for what, count in sorted(counts.items(), key=lambda one: -one[1]):
            yield f"{source}: {count:,} {what}" if " cannot be " not in what else what
