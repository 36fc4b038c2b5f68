"""All habits, the four common mistakes first."""

from __future__ import annotations

from collections.abc import Callable

from rolecall.audit.habits.churn import caches, churn
from rolecall.audit.habits.finding import Finding, Scene
from rolecall.audit.habits.hard import hard
from rolecall.audit.habits.local import local
from rolecall.audit.habits.others import retiring, runaway
from rolecall.audit.habits.premium import chores, subagents, trivial

HABITS: tuple[Callable[[Scene], Finding | None], ...] = (
    *(trivial, hard, local, churn),
    *(caches, chores, subagents, runaway, retiring),
)


def findings(scene: Scene) -> list[Finding]:
    """What was found, the most money first."""
    found = [one for rule in HABITS if (one := rule(scene)) is not None]
    return sorted(found, key=lambda one: -one.money)
