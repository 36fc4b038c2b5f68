"""What the settings say of money, checked."""

from __future__ import annotations

from rolecall.config.load import nearest
from rolecall.config.settings import Settings
from rolecall.errors import ConfigError
from rolecall.types import Budget, Economics


def economics(settings: Settings) -> Economics:
    """Raises `ConfigError` where a limit is no amount, or is set for somebody who is not there."""
    given = settings.economics
    return Economics(
        silent_failure=given.silent_failure,
        hour=given.hour_of_waiting,
        loss_allowed=given.loss_allowed,
        outcomes_needed=given.outcomes_needed,
        escalate=given.escalate,
        hand_over=given.hand_over,
        budget=_budget(settings),
    )


def _budget(settings: Settings) -> Budget:
    given = settings.budget
    found = Budget(
        day=given.day,
        roles=given.roles,
        workspaces=given.workspaces,
        people=given.people,
        keys=given.keys,
        warn_at=given.warn_at,
        at_limit=given.at_limit,
    )
    for name, limit in found.limits.items():
        if not limit.is_finite() or limit <= 0:
            says = f"limits {name} to {limit}; write USD above 0, or leave it out"
            raise ConfigError(f"{settings.source}: [budget] {says}")
    known = set(settings.server.people)
    for person in given.people:
        if person not in known:
            says = f"[budget.people] {person!r} has no token in [server.people]"
            raise ConfigError(f"{settings.source}: {says}; {nearest(person, known)}")
    return found
