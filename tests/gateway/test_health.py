"""The circuit breaker's arithmetic, with times that are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rolecall.gateway.health import Health

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def failing(times: int) -> Health:
    health = Health()
    for _ in range(times):
        health.failed("up/a", "HTTP 500", NOW)
    return health


def test_two_failures_are_no_ailment() -> None:
    """The breaker opens at the third failure in a row, not before."""
    assert failing(2).ailments() == {}
    assert failing(3).ailments()["up/a"].why == "3 failures in a row, the last: HTTP 500"


@pytest.mark.parametrize(
    ("failures", "seconds"), [(3, 10), (4, 20), (5, 40), (6, 80), (7, 120), (8, 120), (5000, 120)]
)
def test_pause_doubles_up_to_two_minutes(failures: int, seconds: int) -> None:
    """Ten seconds, doubled with each further failure, and never more than two minutes."""
    assert failing(failures).ailments()["up/a"].until == NOW + timedelta(seconds=seconds)


def test_success_forgets_what_was() -> None:
    """After one success it takes three failures again."""
    health = failing(3)
    health.succeeded("up/a")
    assert health.ailments() == {}
    health.failed("up/a", "HTTP 500", NOW)
    health.failed("up/a", "HTTP 500", NOW)
    assert health.ailments() == {}


def test_deployments_do_not_share_their_failures() -> None:
    """One deployment's trouble is not another's."""
    health = failing(2)
    health.failed("up/b", "HTTP 500", NOW)
    assert health.ailments() == {}


def test_provider_says_how_long_to_wait() -> None:
    """`Retry-After` counts from the answer, and for an hour at most."""
    health = Health()
    health.told_to_wait("up/a", 7, NOW)
    assert health.ailments()["up/a"].until == NOW + timedelta(seconds=7)
    health.told_to_wait("up/a", 1e300, NOW)
    assert health.ailments()["up/a"].until == NOW + timedelta(hours=1)


def test_snapshot_keeps_what_it_was_given() -> None:
    """A decision's picture of health does not change afterwards."""
    health = failing(3)
    seen = health.ailments()
    health.succeeded("up/a")
    assert "up/a" in seen
