"""A circuit breaker per deployment: after failures in a row it is left alone for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from rolecall.types import Ailment

FAILURES = 3
"""Failures in a row that open the breaker."""
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=2)


class Health:
    """What is known of the deployments' health. Only those that failed take up room.

    After the pause one success closes the breaker; one more failure doubles the pause.
    """

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._ailments: dict[str, Ailment] = {}

    def ailments(self) -> dict[str, Ailment]:
        """A copy for a snapshot; the same empty value while all are well."""
        return dict(self._ailments) if self._ailments else {}

    def succeeded(self, deployment: str) -> None:
        if self._failures or self._ailments:
            self._failures.pop(deployment, None)
            self._ailments.pop(deployment, None)

    def failed(self, deployment: str, why: str, now: datetime) -> None:
        count = self._failures.get(deployment, 0) + 1
        self._failures[deployment] = count
        if count >= FAILURES:
            pause = min(FIRST_PAUSE * 2 ** min(count - FAILURES, 10), LONGEST_PAUSE)
            says = f"{count} failures in a row, the last: {why}"
            self._ailments[deployment] = Ailment(until=now + pause, why=says)

    def told_to_wait(self, deployment: str, seconds: float, now: datetime) -> None:
        """The provider said when to come back (`Retry-After`)."""
        until = now + timedelta(seconds=min(seconds, 3600))
        says = f"the provider asked to wait {seconds:g} s"
        self._ailments[deployment] = Ailment(until=until, why=says)
