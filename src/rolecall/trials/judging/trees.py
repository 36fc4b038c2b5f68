"""The state of a repository that a task begins with, laid out in a folder of its own.

What is laid is a fresh repository with one commit: an agent finds no later history in it, and
nothing in it leads back to the user's checkout. A change is read against what the user's repository
says was laid, never with the git folder in the tree, which an agent may have rewritten.
"""

from __future__ import annotations

from pathlib import Path

from rolecall.errors import TrialError
from rolecall.trials.judging.git import EMPTY, UNTRACKED, Store, asked, borrowed
from rolecall.types.trials import Task

_DIFF = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=all")
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false", "-c", "gc.auto=0")


def lay(task: Task, tree: Path) -> None:
    """Put the state the task begins with into an empty folder, as a repository of one commit."""
    if tree.exists() and any(tree.iterdir()):
        raise TrialError(f"{tree}: is not empty; give a folder of its own")
    tree.mkdir(parents=True, exist_ok=True)
    with borrowed(Path(task.repository)) as store:
        _check_out(store, task, tree)
    asked("init", "--quiet", "--template=", "--initial-branch=main", folder=tree)
    (tree / ".git/info").mkdir(exist_ok=True)
    (tree / ".git/info/exclude").write_text("\n".join(UNTRACKED) + "\n")
    asked(*_SAFE, "add", "--all", "--force", folder=tree)
    message = ("--quiet", "--allow-empty", "--no-verify", "--message=The state to begin with")
    asked(*_SAFE, "commit", *message, folder=tree)


def _check_out(store: Store, task: Task, tree: Path) -> None:
    store.git("read-tree", "--reset", "-u", f"{task.base}^{{tree}}", tree=tree)
    if task.patch:
        planted = task.patch.encode("utf-8", "surrogateescape")
        store.git("apply", "--index", "--whitespace=nowarn", "-", tree=tree, stdin=planted)


def change(task: Task, tree: Path) -> str:
    """What was changed in the tree since it was laid, as a diff that `git apply` takes.

    Take it before judging, which puts files into the tree. It needs the task, because what the
    tree's own git folder says may have been tampered with.
    """
    with borrowed(Path(task.repository)) as store:
        store.git("read-tree", f"{task.base}^{{tree}}")
        if task.patch:
            planted = task.patch.encode("utf-8", "surrogateescape")
            store.git("apply", "--cached", "--whitespace=nowarn", "-", stdin=planted)
        before = store.git("write-tree").decode().strip() or EMPTY
        store.git(*_SAFE, "add", "--all", tree=tree)
        found = store.git("diff", "--cached", "--binary", *_DIFF, before, tree=tree)
    return found.decode("utf-8", "surrogateescape")
