"""What git says of a commit: who it is, whether it was taken back, how much of it still stands."""

from __future__ import annotations

import subprocess
from pathlib import Path

from msgspec import Struct

from rolecall.errors import ConfigError


class Kept(Struct, frozen=True, kw_only=True):
    """`added` are the lines of a commit, `standing` those that are still there under its name."""

    added: int
    standing: int
    reverted: bool

    @property
    def is_kept(self) -> bool:
        """At least half of it stands, and nobody took it back."""
        return not self.reverted and self.standing * 2 >= self.added

    @property
    def says(self) -> str:
        if self.reverted:
            return "a later commit takes it back"
        return f"{self.standing} of its {self.added} lines still stand"


def top(folder: Path) -> Path:
    """The folder of a repository. Raises `ConfigError` where there is none."""
    return Path(_git(folder, "rev-parse", "--show-toplevel").strip())


def head(repository: Path) -> str:
    return _git(repository, "rev-parse", "HEAD").strip()


def hooks(repository: Path) -> Path:
    """Where this repository's hooks are."""
    found = Path(_git(repository, "rev-parse", "--git-path", "hooks").strip())
    return found if found.is_absolute() else repository / found


def kept(repository: Path, sha: str) -> Kept:
    """What became of a commit, on the branch that is checked out."""
    body = f"This reverts commit {sha}"
    reverted = bool(_git(repository, "log", "--format=%H", "--fixed-strings", f"--grep={body}"))
    added = standing = 0
    for line in _git(repository, "show", "--format=", "--numstat", "-z", sha).split("\0"):
        count, _, rest = line.partition("\t")
        name = rest.partition("\t")[2]
        if count.isdigit() and name:
            added += int(count)
            standing += _standing(repository, sha, name) if int(count) else 0
    return Kept(added=added, standing=standing, reverted=reverted)


def _standing(repository: Path, sha: str, name: str) -> int:
    """Lines of a file that this commit has written; none where the file is gone."""
    try:
        told = _git(repository, "blame", "--line-porcelain", "HEAD", "--", name)
    except ConfigError:
        return 0
    return sum(line.startswith(sha) for line in told.splitlines())


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 (git, and names that it gave itself)
            ["git", "-C", str(folder), *arguments],  # noqa: S607 (the user's own git)
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise ConfigError(f"git cannot be run: {error.strerror}; install it") from error
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise ConfigError(f"{folder}: git {arguments[0]} says: {said}")
    return done.stdout
