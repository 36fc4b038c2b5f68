"""A task is laid out so that it leads nowhere, and read back whatever was done to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.errors import TrialError
from rolecall.trials.judging.git import asked
from rolecall.trials.judging.trees import change, lay
from rolecall.types.trials import Task
from support.repositories import Repository

PLANTED = """--- a/shop.py
+++ b/shop.py
@@ -1 +1 @@
-VALUE = 1
+VALUE = 7
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "shop")
    made.commit("Begin", {"shop.py": "VALUE = 1\n", ".gitignore": "*.log\n", "kept.log": "x"})
    made.git("add", "--force", "kept.log")
    made.commit_index("Keep one that is ignored")
    made.write({".gitattributes": "shop.py export-ignore\n"})
    made.git("add", ".gitattributes")
    made.commit_index("Leave the source out of archives")
    return made


def task(repository: Repository, patch: str = "") -> Task:
    base = repository.git("rev-parse", "HEAD")
    repository.commit("What comes later", {"shop.py": "VALUE = 2\n", "later.py": ""})
    return Task(
        id="one",
        repository=str(repository.folder),
        base=base,
        request="Do it",
        kind="fix",
        patch=patch,
    )


def test_all_that_is_tracked_is_laid_and_no_later_history(
    repository: Repository, tmp_path: Path
) -> None:
    """One commit, every tracked file, no object of later commits, no way back to the checkout."""
    tree = tmp_path / "tree"
    lay(one := task(repository), tree)
    assert (tree / "shop.py").read_text() == "VALUE = 1\n"
    assert (tree / "kept.log").exists()
    assert asked("rev-list", "--all", "--count", folder=tree).strip() == b"1"
    assert asked("status", "--porcelain", folder=tree) == b""
    assert not (tree / ".git/objects/info/alternates").exists()
    later = repository.git("rev-parse", "HEAD")
    with pytest.raises(TrialError):
        asked("cat-file", "-e", later, folder=tree)
    assert str(repository.folder) not in (tree / ".git/config").read_text()
    assert change(one, tree) == ""


def test_a_planted_change_is_part_of_the_beginning(repository: Repository, tmp_path: Path) -> None:
    """What is planted lies in the first commit, and is no change of the agent's."""
    tree = tmp_path / "tree"
    lay(one := task(repository, PLANTED), tree)
    assert (tree / "shop.py").read_text() == "VALUE = 7\n"
    assert change(one, tree) == ""
    (tree / "shop.py").write_text("VALUE = 3\n")
    assert "-VALUE = 7\n+VALUE = 3\n" in change(one, tree)


def test_a_change_applies_where_the_task_began(repository: Repository, tmp_path: Path) -> None:
    """New, changed, removed and binary files are all in it; caches of tests are not."""
    tree, other = tmp_path / "tree", tmp_path / "other"
    lay(one := task(repository), tree)
    (tree / "shop.py").unlink()
    (tree / "new.bin").write_bytes(b"\0\1\2")
    (tree / "umlaut \xe4.txt").write_text("x\n")
    (tree / "__pycache__").mkdir()
    (tree / "__pycache__/x.pyc").write_bytes(b"\0")
    diff = change(one, tree)
    lay(one, other)
    asked("apply", "--binary", "-", folder=other, stdin=diff.encode("utf-8", "surrogateescape"))
    assert not (other / "shop.py").exists()
    assert (other / "new.bin").read_bytes() == b"\0\1\2"
    assert (other / "umlaut \xe4.txt").exists()
    assert not (other / "__pycache__").exists()


def test_a_tampered_git_folder_changes_nothing(repository: Repository, tmp_path: Path) -> None:
    """Neither commits of the agent nor what it configures has a say in what was changed."""
    tree = tmp_path / "tree"
    lay(one := task(repository), tree)
    ran = tmp_path / "ran"
    (tree / "shop.py").write_text("VALUE = 5\n")
    asked("commit", "--all", "--quiet", "--message=hidden", folder=tree)
    with (tree / ".git/config").open("a") as file:
        file.write(f'[core]\n\tfsmonitor = "touch {ran}; false"\n')
        file.write(f'[diff "x"]\n\tcommand = touch {ran}\n\ttextconv = touch {ran}\n')
        file.write(f'[filter "x"]\n\tclean = touch {ran}\n\tsmudge = touch {ran}\n')
    (tree / ".gitattributes").write_text("* diff=x filter=x\n")
    assert "+VALUE = 5\n" in change(one, tree)
    (tree / ".git/config").unlink()
    assert "+VALUE = 5\n" in change(one, tree)
    assert not ran.exists()


def test_links_out_of_the_tree_stay_links(repository: Repository, tmp_path: Path) -> None:
    """What lies behind a link is not read into a change."""
    tree, secret = tmp_path / "tree", tmp_path / "secret"
    lay(one := task(repository), tree)
    secret.write_text("not to be seen")
    (tree / "link").symlink_to(secret)
    assert "not to be seen" not in change(one, tree)


def test_a_folder_that_is_in_use_is_refused(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/mine.txt").write_text("x")
    with pytest.raises(TrialError, match="not empty"):
        lay(task(repository), tmp_path / "tree")


def test_a_shallow_clone_can_be_laid(repository: Repository, tmp_path: Path) -> None:
    """A clone that holds one commit only is enough to begin with it."""
    shallow = tmp_path / "shallow"
    asked(
        "clone", "--quiet", "--depth=1", repository.folder.as_uri(), str(shallow), folder=tmp_path
    )
    head = asked("rev-parse", "HEAD", folder=shallow).decode().strip()
    one = Task(id="one", repository=str(shallow), base=head, request="Do it", kind="fix")
    lay(one, tmp_path / "tree")
    assert (tmp_path / "tree/shop.py").exists()
