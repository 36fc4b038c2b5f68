"""How long deployments take for a call, as measured here."""

from __future__ import annotations

from collections.abc import Mapping

_RECENT = 0.1
"""How much of the mean the newest call is."""


class Paces:
    """Running means in seconds. `means` is replaced, never changed: decisions may hold on to it."""

    def __init__(self) -> None:
        self.means: Mapping[str, float] = {}

    def took(self, deployment: str, seconds: float) -> None:
        before = self.means.get(deployment, seconds)
        mean = round(before + _RECENT * (seconds - before), 3)
        self.means = {**self.means, deployment: mean}
