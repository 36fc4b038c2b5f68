"""The commits of a repository, newest first, read as git writes them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO

from msgspec import Struct

from rolecall.config.load import environment
from rolecall.errors import TrialError
from rolecall.trials.judging.git import Store, git_environ

_FORMAT = "%x01%H%x00%P%x00%at%x00%B%x00"
_LOG = (
    *("log", "-z", f"--format={_FORMAT}", "--raw", "--numstat", "--no-abbrev", "--no-color"),
    *("-M", "-l200", "--no-ext-diff", "--no-textconv", "--encoding=UTF-8"),
)
_COUNTS = re.compile(r"(\d+|-)\t(\d+|-)\t(.*)", re.DOTALL)
_SUBMODULE = "160000"
_BLOCK = 1 << 16


class Change(Struct, frozen=True, kw_only=True):
    """What a commit did to one file. `was` is its old name where it was renamed or copied."""

    path: str
    was: str = ""
    status: str = "M"
    added: int = 0
    deleted: int = 0
    binary: bool = False
    submodule: bool = False

    @property
    def lines(self) -> int:
        return self.added + self.deleted


class Commit(Struct, frozen=True, kw_only=True):
    """A commit with its message, and what it changed against its only parent; a merge has none."""

    sha: str
    parents: tuple[str, ...]
    at: datetime
    message: str
    changes: tuple[Change, ...]


def commits(store: Store, head: str, *, most: int, since: datetime | None) -> Iterator[Commit]:
    """At most so many, newest first, as they are read. Raises `TrialError` where git fails."""
    bounds = [f"--max-count={most}"]
    if since is not None:
        bounds.append(f"--since={int(since.timestamp())}")
    command = ["git", f"--git-dir={store.folder}", *_LOG, *bounds, head, "--"]
    with subprocess.Popen(  # noqa: S603 (git, and a name that it gave itself)
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env=git_environ(environment()),
    ) as process:
        assert process.stdout is not None  # noqa: S101 (it is a pipe, as asked)
        try:
            yield from _read(_words(process.stdout))
        except BaseException:
            process.kill()
            raise
    if process.returncode > 0:
        raise TrialError(
            f"git log fails on {head}: its history is damaged (`git fsck` says how), or this is a "
            "partial clone, which does not hold what has to be read (clone it whole)"
        )


def _words(stream: IO[bytes]) -> Iterator[str]:
    """What stands between zero bytes; names of files come back as the system has them."""
    rest = b""
    while block := stream.read(_BLOCK):
        *words, rest = (rest + block).split(b"\0")
        yield from map(os.fsdecode, words)
    if rest:
        yield os.fsdecode(rest)


def _read(words: Iterator[str]) -> Iterator[Commit]:
    begun: tuple[str, str, str, str] | None = None
    raw: dict[str, Change] = {}
    for given in words:
        word = given.removeprefix("\n")
        if word.startswith("\x01"):
            if begun is not None:
                yield _commit(begun, raw)
            begun, raw = (word[1:], next(words), next(words), next(words)), {}
        elif word.startswith(":"):
            change = _raw(word, words)
            raw[change.path] = change
        elif counts := _COUNTS.fullmatch(word):
            path = counts[3] or (next(words), next(words))[1]
            raw[path] = _counted(raw.get(path) or Change(path=path), counts[1], counts[2])
    if begun is not None:
        yield _commit(begun, raw)


def _raw(word: str, words: Iterator[str]) -> Change:
    before, after, _, _, status = word[1:].split(" ")
    was = next(words)
    path = next(words) if status[0] in "RC" else was
    return Change(
        path=path,
        was=was if path != was else "",
        status=status[0],
        submodule=_SUBMODULE in {before, after},
    )


def _counted(change: Change, added: str, deleted: str) -> Change:
    return Change(
        path=change.path,
        was=change.was,
        status=change.status,
        submodule=change.submodule,
        added=int(added) if added.isdigit() else 0,
        deleted=int(deleted) if deleted.isdigit() else 0,
        binary=added == "-",
    )


def _commit(begun: tuple[str, str, str, str], raw: dict[str, Change]) -> Commit:
    sha, parents, at, message = begun
    return Commit(
        sha=sha,
        parents=tuple(parents.split()),
        at=datetime.fromtimestamp(int(at), UTC),
        message=message.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        changes=tuple(raw.values()),
    )
