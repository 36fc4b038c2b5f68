"""Mining on real public packages, whose history is made here and so is known."""

from __future__ import annotations

import sys
from pathlib import Path

from rolecall.trials.judging.execute import plain
from rolecall.trials.judging.git import asked
from rolecall.trials.judging.judge import judge
from rolecall.trials.judging.tasks import load_tasks
from rolecall.trials.judging.trees import lay
from rolecall.types.trials import Task
from support.packages import Part, history, unpacked
from support.repositories import Repository, mined

PYTHON = (sys.executable,)


def tasks_of(repository: Repository, data: Path, count: int) -> dict[str, Task]:
    """Mine, check the figures, and return the tasks by the part they ask for."""
    found = mined(repository.folder, data, runner="pytest", command=PYTHON)
    assert found.dropped == {"first": 1}
    assert (found.seen, found.kept) == (count + 1, count)
    return {
        task.request.split()[1].rstrip(":"): task for task in load_tasks(data, repository.folder)
    }


def holds(task: Task, folder: Path) -> None:
    """The task is unsolved as it is laid, and solved by the source of the commit it comes from."""
    lay(task, folder)
    assert judge(task, folder, plain).solved is False
    change = ("diff", "--binary", task.base, task.source, "--", ":!*test*")
    asked("apply", "-", folder=folder, stdin=asked(*change, folder=Path(task.repository)))
    found = judge(task, folder, plain)
    assert found.solved is True, found.says


def test_inflection(tmp_path: Path) -> None:
    """Functions with tests in one common file: each becomes a task with exactly its own tests."""
    names = ("camelize", "tableize")
    parts = [Part(name, "test_inflection.py", f"test_{name}") for name in names]
    sources = unpacked("inflection", tmp_path / "sources")
    repository = history(sources, tmp_path / "inflection", parts, "inflection/__init__.py")
    tasks = tasks_of(repository, tmp_path / "data", len(parts))
    for part in names:
        one = tasks[part].judge
        assert one is not None
        judges = {name.partition("::")[2].partition("[")[0] for name in one.must_pass}
        assert all(name.startswith(f"test_{part}") for name in judges)
        assert len(one.keep_passing) > 300
        assert not one.weak
    holds(tasks["tableize"], tmp_path / "tree")


def test_cachetools(tmp_path: Path) -> None:
    """Classes with a file of tests each: other files that use the module are kept passing."""
    parts = [Part("FIFOCache", "tests/test_fifo.py"), Part("RRCache", "tests/test_rr.py")]
    sources = unpacked("cachetools", tmp_path / "sources")
    module = "src/cachetools/__init__.py"
    repository = history(sources, tmp_path / "cachetools", parts, module)
    tasks = tasks_of(repository, tmp_path / "data", len(parts))
    for part in parts:
        one = tasks[part.name].judge
        assert one is not None
        assert all(name.startswith(part.tests) for name in one.must_pass)
        assert {name.partition("::")[0] for name in one.keep_passing} - {part.tests}
        assert one.files == ("tests",)
    holds(tasks["RRCache"], tmp_path / "tree")
