"""The whole way as a user goes it: mine, plan, run, report, apply, on a repository of parts.

Each commit of it mends one part and brings the test for that. The candidates are scripted: `good`
mends every part, `weak` only the first, `alike` whatever `weak` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tomlkit
from msgspec import Struct

from e2e.agents import calls_made
from support.answers import Answer, Received, Tokens, ToolCall
from support.gateway import run_rolecall
from support.repositories import Repository
from support.upstream import Upstream

PARTS = 8
CONFIG = """
[providers.up]
base_url = "{base_url}"
dialects = ["openai.chat"]
zone = "local"
auth = "none"

[roles]
code = ["up/weak"]
fast = ["up/alike", "up/good"]

[models."up/weak"]
input_price = "2"
output_price = "10"

[models."up/good"]
input_price = "3"
output_price = "15"

[models."up/alike"]
input_price = "2"
output_price = "10"
"""
SKILL = {"good": range(PARTS), "weak": range(1), "alike": range(1)}


class World(Struct, frozen=True):
    """A home, its configuration, and the repository that was mined there."""

    home: Path
    repository: Path

    def rolecall(self, *words: str) -> str:
        done = run_rolecall(self.home, *words, seconds=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def told(self, *words: str) -> Any:
        return msgspec.json.decode(self.rolecall(*words, "--json"))


def candidate(received: Received) -> Answer:
    """Mends the part that the request names, where its model can, and says that it is done."""
    part = int(re.findall(r"part (\d+)", received.body.decode())[-1])
    able = part in SKILL[(received.model or "").rpartition("/")[2]]
    mending = f"sed -i 's/return {part} # wrong/return {part} + number/' parts.py" if able else "ls"
    steps = (mending, "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT")
    arguments = {"command": steps[min(calls_made(received), 1)]}
    call = ToolCall(name="bash", arguments=arguments)
    return Answer(tool_calls=(call,), tokens=Tokens(input=2000, output=100))


def history(folder: Path) -> Repository:
    """Parts that are all wrong at first; each commit mends one, with its test."""
    found = Repository(folder)

    def parts(mended: int) -> str:
        bodies = [
            f"def part_{n}(number):\n    return {n} {'+ number' if n < mended else '# wrong'}\n"
            for n in range(PARTS)
        ]
        return "\n\n".join(bodies)

    found.commit("Begin", {"parts.py": parts(0), "tests/__init__.py": ""})
    for number in range(PARTS):
        test = (
            f"import unittest\n\nfrom parts import part_{number}\n\n\n"
            f"class Part{number}(unittest.TestCase):\n    def test_adds(self):\n"
            f"        self.assertEqual(part_{number}(5), {number + 5})\n"
        )
        found.commit(
            f"Fix part {number}: it does not add its number",
            {"parts.py": parts(number + 1), f"tests/test_part_{number}.py": test},
        )
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A home in which the tasks are mined."""
    home = tmp_path_factory.mktemp("home")
    repository = history(home / "parts").folder
    with Upstream(candidate, models=("weak", "good", "alike")) as upstream:
        (home / "rolecall.toml").write_text(CONFIG.format(base_url=upstream.base_url))
        there = World(home, repository)
        there.rolecall("trial", "mine", str(repository), "--runner", "unittest")
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
    board = [one["tried"] for one in world.told("stack", "propose") if one["topic"] == "fix"]
    assert {tuple(one["names"]) for one in board[0]} >= {("up/good",), ("up/weak",)}
    world.rolecall("trial", "apply", "--undo")
    assert (world.home / "rolecall.toml").read_text() == before


def test_an_equal_candidate_never_is(world: World) -> None:
    """Nothing is shown that a switch could rest on, so nothing is changed."""
    before = (world.home / "rolecall.toml").read_text()
    models = ("--models", "up/weak,up/alike", "--no-control", "--most", "6", "--jobs", "2")
    world.rolecall("trial", "run", "--repository", str(world.repository), *models)
    [verdict] = world.told("trial", "report")["found"]["verdicts"]
    assert verdict["word"] in {"not enough data", "keep"}
    assert verdict["contrast"]["figures"]["gain"]["mean"] == 0
    assert "Nothing is changed." in world.rolecall("trial", "apply", "--yes")
    assert (world.home / "rolecall.toml").read_text() == before
