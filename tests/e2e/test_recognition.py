"""Each request of real clients plays its role; without their own rules no chore is dear."""

from __future__ import annotations

import pytest

from e2e.stories import PROGRAMS, require
from e2e.traffic import (
    CHORES,
    HARD,
    Exchange,
    Scene,
    record,
    scenes,
    seen_with,
    without,
)
from rolecall.routing.rules import load_rules

pytestmark = pytest.mark.e2e

Traffic = dict[str, list[list[Exchange]]]
BOOK = load_rules()


@pytest.fixture(scope="module", params=list(PROGRAMS))
def traffic(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    """All scenes of one client, played once."""
    client: str = request.param
    require(client)
    folder = tmp_path_factory.mktemp(client)
    mine: list[Scene] = [scene for scene in scenes() if scene.client == client]
    return {client: [record(scene, folder / str(n)) for n, scene in enumerate(mine)]}


def test_every_role_is_right_where_a_rule_exists(traffic: Traffic) -> None:
    """Titles, sub-agents, plan mode, reviews, approvals, main turns: all of them, all right."""
    for played in (exchanges for scene in traffic.values() for exchanges in scene):
        for seen in seen_with(BOOK, played):
            assert seen.role == seen.exchange.role, seen.signal


def test_no_chore_of_an_unknown_client_is_dear(traffic: Traffic) -> None:
    """Take the client's own rules away: generic ones keep its chores off plan and review."""
    for client, scene in traffic.items():
        for exchanges in scene:
            for seen in seen_with(without(BOOK, client), exchanges):
                assert seen.exchange.work not in CHORES or seen.role not in HARD, seen.signal
