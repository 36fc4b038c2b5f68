"""What a trial begins with: its tasks, its id, its lock."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from rolecall.config.settings import (
    PrivacyRuleSettings,
    PrivacySettings,
    Settings,
    WorkspaceSettings,
)
from rolecall.errors import ConfigError, StartError
from rolecall.ledger.store import open_ledger
from rolecall.ledger.trials import trial as kept
from rolecall.trials.running.agents.table import agent
from rolecall.trials.running.begin import Wanted, alone, begin, choose, keep, sweep, tasks_of
from rolecall.trials.running.bound import workspace_of
from rolecall.trials.running.run import SCRATCH
from rolecall.types import Kind
from rolecall.types.trials import Judge, Task, Trial

AT = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)


def task(name: str, kind: Kind = "fix", weak: str = "") -> Task:
    judge = Judge(runner="pytest", files=("t.py",), weak=weak)
    return Task(id=name, repository="/r", base="b", request="Do it.", kind=kind, judge=judge)


TASKS = [task("a"), task("b", "docs"), task("c", weak="passes on an empty change"), task("d")]
WANTED = Wanted(repository=Path("/r"), models=("up/a", "up/b"), agent="mini-swe-agent")


def names(wanted: Wanted) -> list[str]:
    return [one.id for one in choose(wanted, TASKS)]


def test_tasks_that_prove_little_are_left_out() -> None:
    """Unless they are named."""
    assert names(WANTED) == ["a", "b", "d"]
    assert names(replace(WANTED, kinds=("fix",))) == ["a", "d"]
    assert names(replace(WANTED, names=("c", "a"))) == ["c", "a"]


def test_fewer_tasks_are_drawn_by_the_seed() -> None:
    """The same seed draws the same; every task is drawn by some seed."""
    drawn = [names(replace(WANTED, most=1, seed=seed)) for seed in range(20)]
    assert drawn[1] == names(replace(WANTED, most=1, seed=1))
    assert {one for found in drawn for one in found} == {"a", "b", "d"}


def test_what_is_not_there_is_named() -> None:
    """With the nearest that is, or what finds tasks."""
    with pytest.raises(ConfigError, match="there is no task 'aa'"):
        names(replace(WANTED, names=("aa",)))
    with pytest.raises(ConfigError, match=r"no task of the kinds review to try; `rolecall trial"):
        names(replace(WANTED, kinds=("review",)))
    with pytest.raises(ConfigError, match="there is no agent 'claude'; did you mean 'claude-code'"):
        agent("claude")


def test_trial_and_its_tasks_are_kept_as_they_were(tmp_path: Path) -> None:
    """What is edited afterwards changes no comparison; a budget may."""
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    found = begin(WANTED, TASKS, at=AT, draw=123456789)
    keep(ledger, tmp_path, found, {one.id: one for one in TASKS if one.id in found.tasks})
    assert found.id.startswith("1127-")
    assert kept(ledger, found.id) == found
    assert tasks_of(tmp_path, found)["a"] == TASKS[0]
    edited = {
        name: replace(one, request="Other.") for name, one in tasks_of(tmp_path, found).items()
    }
    keep(ledger, tmp_path, replace(found, budget=None, margin=0.1), edited)
    assert tasks_of(tmp_path, found)["a"].request == "Do it."
    ledger.close()


def test_lock_is_held_by_one(tmp_path: Path) -> None:
    """And is free again at the end of the block."""
    found = begin(WANTED, TASKS, at=AT, draw=1)
    with alone(tmp_path, found), pytest.raises(StartError, match="another process conducts"):
        _take(tmp_path, found)
    _take(tmp_path, found)


def _take(folder: Path, found: Trial) -> None:
    with alone(folder, found):
        pass


def test_trees_of_dead_runs_are_swept(tmp_path: Path) -> None:
    """Those of processes that are gone, and no others."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead, own, other = (
        tmp_path / name
        for name in (f"{SCRATCH}{gone.pid}-x", f"{SCRATCH}{os.getpid()}-x", f"{SCRATCH}odd-x")
    )
    for one in (dead, own, other):
        (one / "tree").mkdir(parents=True)
    (dead / "tree").chmod(0)
    sweep(tmp_path)
    assert not dead.exists()
    assert own.exists()
    assert other.exists()


def test_workspace_is_the_nearest_that_holds_the_repository(tmp_path: Path) -> None:
    """Its rules hold then; where rules speak of repositories it has to be bound to one."""
    spaces = {"all": tmp_path, "acme": tmp_path / "acme", "other": tmp_path / "other"}
    settings = Settings(
        workspaces={name: WorkspaceSettings(path=str(path)) for name, path in spaces.items()}
    )
    assert workspace_of(settings, tmp_path / "acme" / "project") == "acme"
    assert workspace_of(settings, tmp_path / "mine") == "all"
    assert workspace_of(Settings(), tmp_path) is None
    rule = PrivacyRuleSettings(name="clients", repositories=("*acme*",))
    with pytest.raises(ConfigError, match=r"`rolecall workspace add .*` binds it"):
        workspace_of(Settings(privacy=PrivacySettings(rules=(rule,))), tmp_path)
