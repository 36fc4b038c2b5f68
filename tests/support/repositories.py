"""Git repositories with a history that tests write."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from rolecall.trials.judging.execute import plain_until
from rolecall.trials.mining.mine import Ask, Mined, mine
from rolecall.types import Kind
from rolecall.types.trials import Runner

_CONFIG = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
_WHO = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
}

QUICK = (
    "[tool.pytest.ini_options]\n"
    'addopts = "-p no:inline_snapshot -p no:hypothesispytest -p no:xdist -p no:xdist.looponfail '
    '-p no:anyio"\n'
)
"""A `pyproject.toml` with which pytest starts in 0.2 s, and not in two: without what we install."""


class Repository:
    """A repository in a folder; each commit is a minute after the one before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._minute = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        at = f"2026-01-01T{self._minute // 60:02}:{self._minute % 60:02}:00Z"
        dates = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            input=stdin,
            capture_output=True,
            env={"PATH": os.environ["PATH"], **_CONFIG, **_WHO, **dates},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.decode("utf-8", "replace").strip()

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        """Write files; None removes one."""
        for name, content in files.items():
            path = self.folder / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, message: str | bytes, files: Mapping[str, str | bytes | None]) -> str:
        """Write files and commit all; the commit's name."""
        self._minute += 1
        self.write(files)
        self.git("add", "--all")
        return self.commit_index(message)

    def commit_index(self, message: str | bytes) -> str:
        raw = message if isinstance(message, bytes) else message.encode()
        self.git("commit", "--quiet", "--allow-empty", "--file=-", stdin=raw)
        return self.git("rev-parse", "HEAD")


def mined(
    repository: Path,
    data: Path,
    *,
    runner: Runner | None = None,
    command: tuple[str, ...] = (),
    seconds: float = 60.0,
    most: int = 1000,
    most_lines: int = 500,
    again: bool = False,
    review: bool = False,
) -> Mined:
    """Mine with two workers; every message is read as a fix."""
    ask = Ask(
        repository=repository,
        data=data,
        environ=dict(os.environ),
        runner=runner,
        command=command,
        seconds=seconds,
        most=most,
        most_lines=most_lines,
        again=again,
        review=review,
    )
    return mine(ask, plain_until, _a_fix, lambda _done, _total: None)


def _a_fix(_text: str) -> dict[Kind, float]:
    return {"fix": 0.9}
