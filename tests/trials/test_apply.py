"""From a verdict to the stack: only where it allows a change, shown first, taken back whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomlkit
from msgspec.structs import replace

from rolecall.config.build import build
from rolecall.config.load import load
from rolecall.gateway.remember import scoreboard
from rolecall.ledger import trials as kept
from rolecall.ledger.store import open_ledger
from rolecall.measure.simulated import Truth
from rolecall.routing.decide import decide
from rolecall.trials.telling.apply import Consequence, consequence
from rolecall.trials.telling.report import Report, report
from rolecall.types import Economics, Kind, Request, Session, Signals, Snapshot, place
from rolecall.types.trials import Arm, Trial
from support.audits import AT, known
from support.gateway import run_rolecall
from support.trials import CONFIG, laid

BETTER = Truth(solves=(0.35, 0.85), costs=(0.1, 0.05))
EQUAL = Truth(solves=(0.5, 0.5), costs=(0.1, 0.1))


def world(home: Path) -> Snapshot:
    return build(load(home / "rolecall.toml"), known(), rules="", at=AT)


def told(home: Path, trial: Trial) -> Report:
    ledger = open_ledger(home / "data" / "rolecall" / "ledger.sqlite")
    found = report(ledger, home / "data" / "rolecall", trial)
    ledger.close()
    return found


def follows(home: Path, truth: Truth, tasks: int = 60, config: str = CONFIG) -> Consequence:
    trial, _ = laid(home, truth, tasks, config=config)
    return consequence(told(home, trial), world(home))


def test_the_commands_from_the_verdict_to_the_undo(tmp_path: Path) -> None:
    """Shown and not made; made on yes; taken back byte for byte."""
    laid(tmp_path, BETTER, 60)
    file = tmp_path / "rolecall.toml"

    def run(*words: str) -> str:
        done = run_rolecall(tmp_path, "trial", "apply", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    shown = run()
    assert "up/b plays code in place of up/a" in shown
    assert "Nothing was changed; --yes applies it." in shown
    assert file.read_text() == CONFIG
    assert "Done." in run("--yes")
    assert tomlkit.parse(file.read_text())["roles"]["code"] == ["up/b", "up/a", "up/strong"]
    assert "up/a does not play code first today" in run("--yes")
    assert "is as it was" in run("--undo")
    assert file.read_text() == CONFIG
    again = run_rolecall(tmp_path, "trial", "apply", "--undo")
    assert again.returncode == 2
    assert "no trial has changed anything" in again.stderr


def test_a_later_change_is_not_taken_back_with_it(tmp_path: Path) -> None:
    laid(tmp_path, BETTER, 60)
    assert run_rolecall(tmp_path, "trial", "apply", "--yes").returncode == 0
    assert run_rolecall(tmp_path, "workspace", "add", str(tmp_path / "shop")).returncode == 0
    done = run_rolecall(tmp_path, "trial", "apply", "--undo")
    assert done.returncode == 2
    assert "another change was made after that" in done.stderr


@pytest.mark.parametrize("seed", range(3))
def test_equal_candidates_change_nothing(tmp_path: Path, seed: int) -> None:
    """And the reason is the verdict's own."""
    truth = replace(EQUAL, alike=seed / 2)
    found = follows(tmp_path, truth)
    assert not found.is_change
    assert found.says[0].startswith("code: not enough data on up/b beside up/a")


def test_only_roles_that_the_first_plays_are_changed(tmp_path: Path) -> None:
    """`fast` is played by another, so a verdict on docs changes nothing there."""
    found = follows(tmp_path, replace(BETTER, kinds=("docs",)))
    assert not found.is_change
    assert found.says == ("up/a does not play fast first today, so nothing is changed",)


def test_a_role_with_few_tasks_of_its_own_stays(tmp_path: Path) -> None:
    """Sixty tasks of code and two of docs say nothing of who plays docs."""
    config = CONFIG.replace('fast = ["up/b"]', 'fast = ["up/a"]')
    fixes: list[Kind] = ["fix"] * 29
    found = follows(tmp_path, replace(BETTER, kinds=(*fixes, "docs")), 60, config)
    assert found.roles == {"code": "up/b"}
    assert found.says == ("fast: only 2 tasks were its own",)


def test_a_kind_that_is_kept_holds_its_role(tmp_path: Path) -> None:
    """Better on the whole, worse on tests: who plays tests stays, and it says why."""
    config = CONFIG.replace('fast = ["up/b"]', 'fast = ["up/a"]')
    trial, runs = laid(tmp_path, replace(BETTER, kinds=("fix", "fix", "tests")), 90, config=config)
    ledger = open_ledger(tmp_path / "data" / "rolecall" / "ledger.sqlite")
    mixed = replace(trial, id="mixed")
    kept.keep_trial(ledger, mixed)
    for run in runs:
        worse = run.kind == "tests" and run.arm == Arm(candidate="up/b")
        good = run.kind == "tests" and run.arm.candidate == "up/a"
        kept.keep_run(
            ledger, replace(run, trial="mixed", solved=(run.solved or good) and not worse)
        )
    ledger.close()
    found = consequence(told(tmp_path, mixed), world(tmp_path))
    if found.roles:
        assert found.roles == {"code": "up/b"}
    assert "fast" not in found.roles
    assert any("fast" in line for line in found.says)


def test_one_kind_may_go_to_another_role(tmp_path: Path) -> None:
    """Where only fixes are shown to be better done by who plays fast, only they go there."""
    trial, runs = laid(tmp_path, replace(EQUAL, kinds=("implement", "fix")), 80)
    ledger = open_ledger(tmp_path / "data" / "rolecall" / "ledger.sqlite")
    mixed = replace(trial, id="mixed")
    kept.keep_trial(ledger, mixed)
    for run in runs:
        solved = run.solved
        if run.kind == "fix":
            solved = run.arm.candidate == "up/b"
        elif run.arm == Arm(candidate="up/b"):
            solved = bool(run.solved) and int(run.task[1:]) % 3 == 0
        kept.keep_run(ledger, replace(run, trial="mixed", solved=solved))
    ledger.close()
    found = told(tmp_path, mixed)
    words = {one.contrast.kind: one.word for one in found.found.verdicts}
    assert words["fix"] == "switch"
    assert words["implement"] != "switch"
    after = consequence(found, world(tmp_path))
    if words[None] != "switch":
        assert after.kinds == {"fix": "fast"}
        assert after.roles == {}


PRICED = (
    CONFIG.replace('code = ["up/a", "up/strong"]', 'code = ["up/a", "up/b"]')
    + """
[models."up/a"]
class = "coding"
input_price = 2
output_price = 10
[models."up/b"]
class = "coding"
input_price = 0.5
output_price = 2
"""
)


def test_the_evidence_feeds_decisions(tmp_path: Path) -> None:
    """Runs are outcomes: the next decision on such work reckons with them, and follows them."""
    _, runs = laid(tmp_path, BETTER, 60, config=PRICED)
    ledger = open_ledger(tmp_path / "data" / "rolecall" / "ledger.sqlite")
    board = scoreboard(ledger, Economics())
    ledger.close()
    for name in ("up/a", "up/b"):
        own = [run for run in runs if run.arm.candidate == name]
        standing = board.standings[place("fix", name)]
        assert standing.verified == len(own)
        assert standing.passed == sum(bool(run.solved) for run in own)
    request = Request(
        dialect="openai.chat",
        asked_model="rolecall/auto",
        body_bytes=4000,
        messages=1,
        tools=3,
        signals=Signals(kinds={"fix": 0.99}),
    )
    there = world(tmp_path)
    before = decide(request, there, Session(key="k"), id="d")
    informed = replace(there, standings=dict(board.standings))
    after = decide(request, informed, Session(key="k"), id="d")
    assert (before.kind, before.role) == (after.kind, after.role) == ("fix", "code")
    assert before.chosen is not None
    assert after.chosen is not None
    assert (before.chosen.deployment, after.chosen.deployment) == ("up/a", "up/b")
    assert after.chosen.forecast is not None
    assert after.chosen.forecast.outcomes == 60
