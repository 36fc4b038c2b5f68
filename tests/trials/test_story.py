"""The whole way as a user goes it: mine, plan, run, report, apply, on a repository of parts.

`good` mends every part of it, `weak` only the first, `alike` whatever `weak` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import tomlkit

from support.parts import World
from support.parts import world as world_of

pytestmark = pytest.mark.usefixtures("sandbox")

PARTS = 8
SKILL = {"good": range(PARTS), "weak": range(1), "alike": range(1)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A home in which the tasks are mined."""
    with world_of(tmp_path_factory.mktemp("home"), PARTS, SKILL) as there:
        there.rolecall("trial", "mine", str(there.repository), "--runner", "unittest")
        yield there


def test_a_clearly_better_candidate_is_a_switch(world: World) -> None:
    """Five commands lead from the repository's history to a changed stack, and one back."""
    before = (world.home / "rolecall.toml").read_text()
    models = ("--models", "up/weak,up/good")
    plan = world.told("trial", "plan", str(world.repository), *models)
    assert (plan["tasks"], plan["kinds"]) == (PARTS, {"fix": PARTS})
    said = world.rolecall(
        "trial", "run", "--repository", str(world.repository), *models, "--jobs", "2"
    )
    assert "it is settled" in said or "all runs are made" in said
    report = world.rolecall("trial", "report", "--html", "trial.html")
    assert "switch from up/weak to up/good: up/good solves more" in report.splitlines()
    assert re.search(r"solved 100%, up/weak 1\d% of [78] tasks", report)
    page = (world.home / "trial.html").read_text()
    assert "+    return 0 + number" in page
    assert "up/good plays code in place of up/weak" in world.rolecall("trial", "apply", "--yes")
    roles = tomlkit.parse((world.home / "rolecall.toml").read_text())["roles"]
    assert roles["code"] == ["up/good", "up/weak"]
    world.rolecall("trial", "apply", "--undo")
    assert (world.home / "rolecall.toml").read_text() == before


def test_an_equal_candidate_never_is(world: World) -> None:
    """Nothing is shown that a switch could rest on, so nothing is changed."""
    before = (world.home / "rolecall.toml").read_text()
    models = ("--models", "up/weak,up/alike", "--no-control", "--most", "3", "--jobs", "2")
    world.rolecall("trial", "run", "--repository", str(world.repository), *models)
    [verdict] = world.told("trial", "report")["found"]["verdicts"]
    assert verdict["word"] in {"not enough data", "keep"}
    assert verdict["contrast"]["figures"]["gain"]["mean"] == 0
    assert "Nothing is changed." in world.rolecall("trial", "apply", "--yes")
    assert (world.home / "rolecall.toml").read_text() == before
