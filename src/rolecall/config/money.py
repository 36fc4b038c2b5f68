"""What the settings say of money, checked."""

from __future__ import annotations

import msgspec

from rolecall.config.load import nearest
from rolecall.config.settings import Settings
from rolecall.errors import ConfigError
from rolecall.types import Budget, Economics


def economics(settings: Settings) -> Economics:
    """Raises `ConfigError` where a limit is no amount, or is set for somebody who is not there."""
    given = msgspec.structs.asdict(settings.economics)
    return Economics(hour=given.pop("hour_of_waiting"), budget=_budget(settings), **given)


def _budget(settings: Settings) -> Budget:
    found = Budget(**msgspec.structs.asdict(settings.budget))
    for name, limit in found.limits.items():
        if not limit.is_finite() or limit <= 0:
            says = f"limits {name} to {limit}; write USD above 0, or leave it out"
            raise ConfigError(f"{settings.source}: [budget] {says}")
    known = set(settings.server.people)
    for person in found.people:
        if person not in known:
            says = f"[budget.people] {person!r} has no token in [server.people]"
            raise ConfigError(f"{settings.source}: {says}; {nearest(person, known)}")
    return found
