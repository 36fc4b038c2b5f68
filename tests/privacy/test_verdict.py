"""Where the bytes of a request may go."""

from __future__ import annotations

from typing import get_args

import pytest

from rolecall.privacy.verdict import Clearance, clear, clear_probe
from rolecall.types import Decision, Provider, Reason, Role
from routing.worlds import AT

ZONES = ("local", "eu", "any", "")


def provider(zone: str) -> Provider:
    return Provider(name="p", endpoints={}, zone=zone)


def decision(role: Role) -> Decision:
    reason = Reason(ground="default", rule="default", says="")
    return Decision(
        id="d", at=AT, snapshot="v", role=role, reason=reason, cascade=(), rejections=()
    )


@pytest.mark.parametrize("zone", ZONES)
def test_local_work_stays_at_home(zone: str) -> None:
    """A decision for the role `local` clears the zone `local` and nothing else."""
    assert clear(decision("local")).admits(provider(zone)) == (zone == "local")


@pytest.mark.parametrize("role", sorted(set(get_args(Role)) - {"local"}))
def test_other_work_goes_where_the_stack_sends_it(role: Role) -> None:
    """No rule narrows where the other roles may go."""
    assert all(clear(decision(role)).admits(provider(zone)) for zone in ZONES)


@pytest.mark.parametrize("zone", ZONES)
def test_probes_stay_at_home(zone: str) -> None:
    """Looking for engines never asks another machine."""
    assert clear_probe().admits(provider(zone)) == (zone == "local")


def test_no_zone_at_all_admits_nobody() -> None:
    """An empty set is a narrow one, and not the same as no rule."""
    assert not any(Clearance(zones=frozenset()).admits(provider(zone)) for zone in ZONES)
