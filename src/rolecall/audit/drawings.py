"""What is to be drawn, as values: they may go to another process, and a file can hold them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from msgspec import Struct

from rolecall.audit.habits.finding import Finding
from rolecall.audit.report import Day
from rolecall.audit.worth import MONEY


class Bar(Struct, frozen=True):
    """A part of a day (UTC): whose it is, and how much."""

    day: date
    name: str
    amount: float


class OverTime(Struct, frozen=True, kw_only=True, tag="over-time"):
    """Amounts by day, stacked by name, in the order of `names`. `by` says what the names are."""

    by: str
    measure: Literal["usd", "tokens"]
    names: tuple[str, ...]
    bars: tuple[Bar, ...]


class Amount(Struct, frozen=True):
    """A habit, USD, and what the money is."""

    name: str
    amount: float
    what: str


class Habits(Struct, frozen=True, kw_only=True, tag="habits"):
    """What habits come to."""

    amounts: tuple[Amount, ...]


def spending(days: Sequence[Day], by: Literal["model", "role"]) -> OverTime:
    """USD a day, the dearest name first."""
    bars = tuple(Bar(one.day, str(getattr(one, by)), float(one.cost)) for one in days)
    return OverTime(by=by, measure="usd", names=largest(bars), bars=bars)


def largest(bars: Sequence[Bar]) -> tuple[str, ...]:
    """The names, the one with the largest sum first."""
    totals: dict[str, float] = {}
    for bar in bars:
        totals[bar.name] = totals.get(bar.name, 0.0) + bar.amount
    return tuple(sorted(totals, key=lambda name: -totals[name]))


def worth(found: Sequence[Finding]) -> Habits:
    """What habits come to, of those that come to something."""
    priced = [one for one in found if one.money]
    return Habits(
        amounts=tuple(Amount(one.id, float(one.money), MONEY[one.money_is]) for one in priced)
    )
