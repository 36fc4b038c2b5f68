"""How much to think: levels in one dialect, a number of tokens in another."""

from __future__ import annotations

from rolecall.wire.translate.conversation import Effort, Goal
from rolecall.wire.translate.losses import Losses

LEVELS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""From the least to the most, in the words of both vendors."""
_BUDGETS = {"minimal": 1024, "low": 4096, "medium": 12_288, "high": 24_576, "xhigh": 32_768}
"""Tokens for a level, where only a number is understood. Ours: no vendor publishes a table."""
LEAST = 1024
"""Tokens: Anthropic takes no smaller budget."""


def level(effort: Effort, goal: Goal, losses: Losses) -> str | None:
    """The level that the model knows and that comes nearest from below; None says nothing."""
    asked = "none" if effort.off else effort.level or _level_of(effort.budget)
    if asked is None or asked not in LEVELS:
        return None
    if goal.efforts is None:
        losses.add("how much to think is left to the model: no source says which levels it knows")
        return None
    known = [one for one in LEVELS if one in goal.efforts]
    below = [one for one in known if LEVELS.index(one) <= LEVELS.index(asked)]
    found = below[-1] if below else next(iter(known), None)
    if found != asked:
        losses.add(f"the effort {asked} is asked as {found}, the nearest that the model knows")
    return found


def _level_of(budget: int | None) -> str | None:
    if budget is None:
        return None
    return next((name for name, tokens in _BUDGETS.items() if budget <= tokens), "high")


def budget(effort: Effort, room: int) -> int | None:
    """Tokens to think, fewer than the `room` of the whole answer; None where none is asked."""
    if effort.off or (effort.level is None and effort.budget is None):
        return None
    asked = effort.budget or _BUDGETS.get(effort.level or "", _BUDGETS["xhigh"])
    fits = min(asked, room - 1)
    return fits if fits >= LEAST else None
