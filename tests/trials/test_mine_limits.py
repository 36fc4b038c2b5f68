"""Mining where something is missing, slow, or ends in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rolecall.errors import TrialError
from rolecall.trials.judging.execute import plain
from rolecall.trials.judging.git import asked
from rolecall.trials.judging.judge import judge
from rolecall.trials.judging.tasks import load_tasks, trial_folder
from rolecall.trials.judging.trees import lay
from rolecall.trials.mining.journal import Entry, alone, entries, keep
from support.processes import gone
from support.repositories import Repository, mined

PYTHON = (sys.executable,)
TEST = (
    "import unittest, shop\nclass T{n}(unittest.TestCase):\n    def test_{n}(self):\n"
    "        {body}\n"
)


def shop(folder: Path, count: int, body: str = "self.assertEqual(shop.V{n}, {n})") -> Repository:
    """A history of so many tasks, each of which adds a value and its test."""
    repository = Repository(folder)
    values = ""
    repository.commit(
        "Begin with nothing", {"setup.py": "", "shop.py": "", "tests/__init__.py": ""}
    )
    for n in range(count):
        values += f"V{n} = {n}\n"
        test = TEST.format(n=n, body=body.format(n=n))
        repository.commit(
            f"Add the value number {n}", {"shop.py": values, f"tests/test_{n}.py": test}
        )
    return repository


def test_no_git_no_commit_no_folder(tmp_path: Path) -> None:
    """Each says what is missing."""
    with pytest.raises(TrialError, match="is not a folder"):
        mined(tmp_path / "nowhere", tmp_path / "data")
    (tmp_path / "plain").mkdir()
    with pytest.raises(TrialError, match="trials need a git repository"):
        mined(tmp_path / "plain", tmp_path / "data")
    empty = Repository(tmp_path / "empty")
    empty.write({"setup.py": ""})
    with pytest.raises(TrialError, match="has no commit yet"):
        mined(empty.folder, tmp_path / "data", command=PYTHON, runner="unittest")


def test_a_repository_without_tests(tmp_path: Path) -> None:
    """Every commit is counted, nothing is run, and there is no task."""
    repository = Repository(tmp_path / "bare")
    for n in range(3):
        repository.commit(f"Add the value number {n}", {"setup.py": "", "shop.py": f"V = {n}\n"})
    found = mined(repository.folder, tmp_path / "data", runner="unittest", command=PYTHON)
    assert (found.seen, found.candidates, found.kept, found.fresh) == (3, 0, 0, 0)
    assert found.dropped == {"no-tests": 2, "first": 1}


def test_slow_tests_are_ended_and_said_to_be_slow(tmp_path: Path) -> None:
    repository = shop(tmp_path / "slow", 1, "import time; time.sleep(60)")
    began = time.monotonic()
    found = mined(
        repository.folder, tmp_path / "data", runner="unittest", command=PYTHON, seconds=1.0
    )
    assert found.dropped == {"slow": 1, "first": 1}
    assert time.monotonic() - began < 30


def test_a_shallow_clone_is_mined_as_far_as_it_goes(tmp_path: Path) -> None:
    """What lies at its end has nothing before it; that the clone is shallow is told."""
    repository = shop(tmp_path / "deep", 3)
    clone = tmp_path / "shallow"
    url = repository.folder.as_uri()
    asked("clone", "--quiet", "--depth=2", url, str(clone), folder=tmp_path)
    found = mined(clone, tmp_path / "data", runner="unittest", command=PYTHON)
    assert (found.seen, found.kept, found.shallow) == (2, 1, True)
    assert found.dropped == {"first": 1}


def test_a_clone_without_its_files_is_named(tmp_path: Path) -> None:
    """Nothing is fetched: what is not on the machine cannot be mined, and that is told."""
    repository = shop(tmp_path / "deep", 2)
    repository.git("config", "uploadpack.allowFilter", "true")
    clone, url = tmp_path / "partial", repository.folder.as_uri()
    bare = ("clone", "--quiet", "--no-checkout", "--filter=blob:none", url, str(clone))
    asked(*bare, folder=tmp_path)
    with pytest.raises(TrialError, match="partial clone"):
        mined(clone, tmp_path / "data", runner="unittest", command=PYTHON)


def test_history_is_bounded_by_a_number(tmp_path: Path) -> None:
    """Only the newest are looked at; more of them later replays only what is new."""
    repository = shop(tmp_path / "long", 3)
    first = mined(repository.folder, tmp_path / "data", runner="unittest", command=PYTHON, most=1)
    assert (first.seen, first.fresh, first.kept) == (1, 1, 1)
    then = mined(repository.folder, tmp_path / "data", runner="unittest", command=PYTHON)
    assert (then.seen, then.fresh, then.kept) == (4, 2, 3)


def test_a_work_tree_of_its_own_and_a_folder_within(tmp_path: Path) -> None:
    """`git worktree` and a folder deep in a repository lead to the same history."""
    repository = shop(tmp_path / "shop", 1)
    repository.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "other"))
    found = mined(tmp_path / "other/tests", tmp_path / "data", runner="unittest", command=PYTHON)
    assert found.kept == 1
    assert found.repository == str(tmp_path / "other")


def test_a_fix_becomes_a_review_task(tmp_path: Path) -> None:
    """It begins before the fix, and is solved by who names the place that was fixed."""
    repository = Repository(tmp_path / "shop")
    long = "".join(f"V{n} = {n}\n" for n in range(100))
    wrong = long.replace("V60 = 60", "V60 = 61")
    test = TEST.format(n="x", body="self.assertEqual(shop.V60, 60)")
    repository.commit("Begin with many values", {"shop.py": wrong, "tests/__init__.py": ""})
    repository.commit("Fix the value of V60", {"shop.py": long, "tests/test_x.py": test})
    data = tmp_path / "data"
    plain_mine = mined(repository.folder, data, runner="unittest", command=PYTHON)
    assert (plain_mine.kept, plain_mine.reviews) == (1, 0)
    found = mined(repository.folder, data, runner="unittest", command=PYTHON, review=True)
    assert (found.fresh, found.reviews) == (0, 1)
    review = next(task for task in load_tasks(data, repository.folder) if task.kind == "review")
    tree = tmp_path / "tree"
    lay(review, tree)
    assert (tree / "shop.py").read_text() == wrong
    assert not (tree / "tests/test_x.py").exists()
    assert judge(review, tree, plain).solved is False
    (tree / "REVIEW.md").write_text("- `shop.py:61`: V60 is one too high\n")
    assert judge(review, tree, plain).solved is True


def test_a_killed_mine_goes_on_where_it_was(tmp_path: Path) -> None:
    """After kill -9 nothing that was known is replayed again, and nothing is missing."""
    repository = shop(tmp_path / "shop", 8)
    data = tmp_path / "home/rolecall"
    folder = trial_folder(data, repository.folder)
    command = [sys.executable, "-m", "rolecall", "trial", "mine", str(repository.folder)]
    options = ["--runner", "unittest", "--command", sys.executable, "--jobs", "1"]
    environ = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "home")}
    with subprocess.Popen(
        [*command, *options], env=environ, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        while not _lines(folder / "mined.jsonl") and process.poll() is None:
            os.sched_yield()
        os.killpg(process.pid, signal.SIGKILL)
    before = _lines(folder / "mined.jsonl")
    assert 1 <= before < 8
    with (folder / "mined.jsonl").open("a") as file:
        file.write('{"commit": "half a li')
    found = mined(repository.folder, data, runner="unittest", command=PYTHON)
    assert (found.fresh, found.kept) == (8 - before, 8)
    assert len(load_tasks(data, repository.folder)) == 8
    assert not (folder / "work").exists()


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_who_is_stopped_ends_what_runs(tmp_path: Path, told: signal.Signals) -> None:
    """Ctrl-C and `kill`: no slow test is waited for, and neither a process nor a tree is left."""
    sleeps = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    repository = shop(tmp_path / "shop", 1, f"import os, time; {sleeps}")
    command = [sys.executable, "-m", "rolecall", "trial", "mine", str(repository.folder)]
    options = ["--runner", "unittest", "--command", sys.executable]
    environ = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "home")}
    with subprocess.Popen([*command, *options], env=environ, stderr=subprocess.DEVNULL) as process:
        while not (tmp_path / "pid").exists() and process.poll() is None:
            os.sched_yield()
        began = time.monotonic()
        process.send_signal(told)
        process.wait()
    assert time.monotonic() - began < 30
    assert gone(int((tmp_path / "pid").read_text()))
    assert not list((tmp_path / "home").rglob("work"))


def test_two_cannot_mine_one_repository_at_once(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(TrialError, match="another `rolecall trial mine`"):
        alone(tmp_path).__enter__()


def test_a_journal_tells_by_key(tmp_path: Path) -> None:
    """What was replayed in another way is not known; the last word on a commit holds."""
    for entry in (
        Entry(commit="a", key="k", reason="slow"),
        Entry(commit="a", key="k", task="a"),
        Entry(commit="b", key="other", task="b"),
    ):
        keep(tmp_path, entry)
    assert entries(tmp_path, "k") == {"a": Entry(commit="a", key="k", task="a")}
    assert entries(tmp_path / "none", "k") == {}


def test_the_command_tells_and_lists(tmp_path: Path) -> None:
    """`trial mine` says what became of the commits, `trial tasks` lists what there is."""
    repository = shop(tmp_path / "shop", 2)
    environ = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "home")}

    def rolecall(*words: str) -> str:
        command = [sys.executable, "-m", "rolecall", "trial", *words, str(repository.folder)]
        return subprocess.run(
            command, env=environ, capture_output=True, text=True, check=True
        ).stdout

    assert "trial mine" in rolecall("tasks")
    said = rolecall("mine", "--runner", "unittest", "--command", sys.executable)
    assert "kept as tasks  2" in said
    assert "nothing comes before it" in said
    assert str(tmp_path / "home/rolecall/trials") in said
    assert "Add the value number 1" in rolecall("tasks")
    listed = json.loads(rolecall("tasks", "--json"))
    assert {task["judge"]["must_pass"][0] for task in listed} == {
        "tests.test_0.T0.test_0",
        "tests.test_1.T1.test_1",
    }
