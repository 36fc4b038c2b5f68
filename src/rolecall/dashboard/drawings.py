"""What is to be drawn, as values that go to the process that draws."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Bar(Struct, frozen=True):
    """A part of a day: `day` as `2026-11-26`, whose it is, and how much."""

    day: str
    name: str
    amount: float


class OverTime(Struct, frozen=True, kw_only=True, tag="over-time"):
    """Amounts by day, stacked by name. `by` says what the names are."""

    by: str
    measure: Literal["usd", "tokens"]
    bars: tuple[Bar, ...]


class Point(Struct, frozen=True, kw_only=True):
    """A model or a cascade: USD for a piece of work, the share accepted with its interval."""

    name: str
    cost: float
    accepted: float
    low: float
    high: float
    in_force: bool = False


class Frontier(Struct, frozen=True, kw_only=True, tag="frontier"):
    """Cost and quality of those that nobody beats in both."""

    topic: str
    points: tuple[Point, ...]


class Amount(Struct, frozen=True):
    """A habit, USD, and what the money is."""

    name: str
    amount: float
    what: str


class Habits(Struct, frozen=True, kw_only=True, tag="habits"):
    """What habits come to."""

    amounts: tuple[Amount, ...]


Drawing = OverTime | Frontier | Habits
