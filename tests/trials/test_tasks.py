"""Tasks are files that a person can read and edit, and that say the same when read back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import TrialError
from rolecall.trials.judging.tasks import load_tasks, read_task, trial_folder, write_task
from rolecall.types.trials import Defect, Judge, Task
from support.repositories import Repository

TASK = Task(
    id="one",
    repository="/shop",
    base="b" * 40,
    request='Round "it"\n\nas one does',
    kind="fix",
    at=datetime(2026, 1, 2, tzinfo=UTC),
    judge=Judge(runner="pytest", files=("tests",), must_pass=("a::b", "a::c[\\x]")),
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def test_a_task_is_written_as_one_would_write_it(tmp_path: Path) -> None:
    """Texts over several lines, a table for the judge, nothing that says nothing."""
    assert (
        write_task(tmp_path, TASK).read_text()
        == '''\
id = "one"
repository = "/shop"
base = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
request = """
Round "it"

as one does"""
kind = "fix"
at = "2026-01-02T00:00:00Z"

[judge]
runner = "pytest"
files = ["tests"]
must_pass = [
    "a::b",
    "a::c[\\\\x]",
]
'''
    )


@given(request=texts, name=texts, path=texts, line=st.integers(1, 9))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, request: str, name: str, path: str, line: int
) -> None:
    """Any text survives, whatever quotes, line ends and control characters it has."""
    folder = tmp_path_factory.mktemp("tasks")
    judged = Task(
        id="one",
        repository="/r",
        base="b",
        request=request,
        kind="fix",
        judge=Judge(runner="npm", must_pass=(name, "x"), weak=path),
    )
    review = Task(
        id="two",
        repository="/r",
        base="b",
        request=f'"""{request}\r\n',
        kind="review",
        patch=name,
        defects=(Defect(path=path, first=line, last=line), Defect(path="x", first=1, last=2)),
    )
    for task in (judged, review):
        assert read_task(write_task(folder, task), Path("/r")) == task


def test_hand_written_tasks_lie_in_the_repository(tmp_path: Path) -> None:
    """A few lines are enough: the id is the file's name, the repository the one it lies in."""
    repository = tmp_path / "shop"
    head = Repository(repository).commit("Begin", {"shop.py": ""})
    (repository / "trials").mkdir()
    (repository / "trials/rounding.toml").write_text(
        'base = "main"\nkind = "fix"\nrequest = "Round it"\n'
        '[judge]\nrunner = "pytest"\nfiles = ["tests/test_rounding.py"]\n'
    )
    data = tmp_path / "data"
    write_task(trial_folder(data, repository) / "tasks", TASK)
    mined, written = load_tasks(data, repository)
    assert mined == TASK
    assert (written.id, written.repository) == ("rounding", str(repository))
    assert written.base == head


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not toml", "hand.toml.*line 1"),
        ('kind = "fix"\nrequest = "x"\n', "hand.toml.*`base`"),
        ('kind = "mend"\nrequest = "x"\nbase = "b"\n', "hand.toml.*mend"),
        ('kind = "fix"\nrequest = "x"\nbase = "b"\n', "neither a judge nor defects"),
        ('kind = "fix"\nrequest = "x"\nbase = "b"\nrequst = "y"\n', "requst.*did you mean"),
        ('kind = "fix"\nrequest = "x"\nbase = "b"\njudge = {runner="x"}\n', "hand.toml.*x"),
        ('id = "../x"\nkind = "fix"\nrequest = "x"\nbase = "b"\n', "id '../x'"),
        ('base = "b"\nrequest = "\\u0000', "hand.toml"),
        ('base = "b"\nkind = "fix"\nrequest = "x"\n[judge]\nrunner = "go"\n', "'b' is no commit"),
    ],
)
def test_a_mistake_in_a_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    """With the file, the key and what would be right, and nothing is half read."""
    (tmp_path / "trials").mkdir()
    (tmp_path / "trials/hand.toml").write_text(text)
    with pytest.raises(TrialError, match=says):
        load_tasks(tmp_path / "data", tmp_path)


def test_two_tasks_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "trials").mkdir()
    base = "b" * 40
    text = f'id = "same"\nbase = "{base}"\nkind = "fix"\nrequest = "x"\n[judge]\nrunner = "go"\n'
    for name in ("a", "b"):
        (tmp_path / f"trials/{name}.toml").write_text(text)
    with pytest.raises(TrialError, match="another task has the id 'same'"):
        load_tasks(tmp_path / "data", tmp_path)


def test_repositories_of_one_name_do_not_meet(tmp_path: Path) -> None:
    folders = [trial_folder(tmp_path, tmp_path / place / "shop") for place in ("a", "b")]
    assert folders[0] != folders[1]
    assert all(folder.name.startswith("shop-") for folder in folders)
