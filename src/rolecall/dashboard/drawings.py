"""What the page draws beside what an audit does."""

from __future__ import annotations

from msgspec import Struct

from rolecall.audit.drawings import Habits, OverTime


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


Drawing = OverTime | Frontier | Habits
