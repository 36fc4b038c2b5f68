"""git, asked so that it reads a user's repository and never writes to it.

Whatever needs an index or a work tree happens in a store of our own, a git folder that borrows the
objects of the user's repository. So no index, ref, hook, filter or work tree of theirs takes part.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from rolecall.config.load import environment
from rolecall.errors import GitError, TrialError

EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The tree without a file, which git knows without having it."""
_ALONE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    "LC_ALL": "C",
}
"""No configuration but the one in the store, no lock that is not needed, nothing fetched.

A checkout may belong to somebody else, as in a container: what is asked of it runs nothing of it.
"""
_KEPT = ("PATH", "TMPDIR", "SYSTEMROOT")
_WHO = {
    "GIT_AUTHOR_NAME": "rolecall",
    "GIT_AUTHOR_EMAIL": "rolecall@localhost",
    "GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "rolecall",
    "GIT_COMMITTER_EMAIL": "rolecall@localhost",
    "GIT_COMMITTER_DATE": "2000-01-01T00:00:00Z",
}


def git_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """What git is told of the environment, and of who commits."""
    kept = {name: environ[name] for name in _KEPT if name in environ}
    return {**kept, **_ALONE, **_WHO}


def asked(
    *arguments: str, folder: Path, stdin: bytes = b"", more: Mapping[str, str] | None = None
) -> bytes:
    """What git says in a folder. Raises `TrialError` with git's own last line."""
    environ = git_environ(environment()) | dict(more or {})
    try:
        done = subprocess.run(  # noqa: S603 (git, and names that it gave itself)
            ["git", "-C", str(folder), *arguments],  # noqa: S607 (the user's own git)
            input=stdin,
            capture_output=True,
            env=environ,
            check=False,
        )
    except OSError as error:
        raise TrialError(f"git cannot be run: {error.strerror}; install it") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it says nothing"]
        raise GitError(f"{folder}: git {_verb(arguments)} says: {said[-1]}")
    return done.stdout


def _verb(arguments: tuple[str, ...]) -> str:
    """The command of git, after what is told it in `-c` and the like."""
    words = iter(arguments)
    for word in words:
        if word == "-c":
            next(words)
        elif not word.startswith("-"):
            return word
    return ""


def top(folder: Path) -> Path:
    """The folder of the repository that holds this one. Raises `TrialError` where there is none."""
    if not folder.is_dir():
        raise TrialError(f"{str(folder)!r} is not a folder; name one with a git repository")
    try:
        said = asked("rev-parse", "--show-toplevel", folder=folder)
    except TrialError as error:
        raise TrialError(f"{error}; trials need a git repository with its history") from error
    return Path(os.fsdecode(said.rstrip(b"\n")))


class Store(Struct, frozen=True, kw_only=True):
    """A git folder of our own over the objects of a repository; `index` is the one in use."""

    folder: Path
    index: str = "index"

    def git(self, *arguments: str, tree: Path | None = None, stdin: bytes = b"") -> bytes:
        at = () if tree is None else (f"--work-tree={tree}",)
        where = self.folder if tree is None else tree
        index = {"GIT_INDEX_FILE": str(self.folder / self.index)}
        own = (f"--git-dir={self.folder}", *at, "-c", "gc.auto=0", "-c", "core.quotePath=false")
        return asked(*own, *arguments, folder=where, stdin=stdin, more=index)


@contextmanager
def borrowed(repository: Path) -> Iterator[Store]:
    """A store over this repository's objects, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="rolecall-git-") as folder:
        yield opened(repository, Path(folder) / "store")


def opened(repository: Path, folder: Path) -> Store:
    """Make a store over this repository's objects in a folder that does not exist yet."""
    form = asked("rev-parse", "--show-object-format", folder=repository).decode().strip()
    common = asked("rev-parse", "--git-common-dir", folder=repository)
    source = (repository / os.fsdecode(common.rstrip(b"\n"))).resolve()
    parent = folder.parent
    made = ("init", "--quiet", "--bare", "--template=", f"--object-format={form}")
    asked(*made, str(folder), folder=parent)
    (folder / "objects/info").mkdir(exist_ok=True)
    (folder / "objects/info/alternates").write_bytes(os.fsencode(source / "objects") + b"\n")
    shallow = source / "shallow"
    if shallow.is_file():
        (folder / "shallow").write_bytes(shallow.read_bytes())
    (folder / "info").mkdir(exist_ok=True)
    (folder / "info/exclude").write_text("\n".join(UNTRACKED) + "\n")
    return Store(folder=folder)


UNTRACKED = ("__pycache__", "*.pyc", ".pytest_cache", "node_modules", ".rolecall")
"""What tests leave behind, and what we put there ourselves: never part of a change."""
