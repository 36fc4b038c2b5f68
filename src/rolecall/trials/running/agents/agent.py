"""What it takes to let an agent do a task: a command line in a sandbox, and what it has to read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct


class Job(Struct, frozen=True, kw_only=True):
    """What an agent is told, and where.

    `socket` is the bridge's, in the folder `outbox`, which an agent may write to beside its tree.
    `port` is where a client that knows no sockets finds it. `environ` is that of the tests.
    """

    request: str
    tree: Path
    outbox: Path
    socket: Path
    port: int
    environ: Mapping[str, str]


class Start(Struct, frozen=True, kw_only=True):
    """How it is started: the whole command and environment, and folders that it reads."""

    command: tuple[str, ...]
    environ: dict[str, str]
    readable: tuple[Path, ...] = ()


class Agent(Struct, frozen=True, kw_only=True):
    """Somebody who does tasks. `missing` says what has to be installed, None where nothing has."""

    name: str
    start: Callable[[Job], Start]
    missing: Callable[[Mapping[str, str]], str | None]


def python() -> tuple[str, tuple[Path, ...]]:
    """The Python that runs, and what it has to read: its folder and the one it was made from."""
    found = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent.parent}
    return sys.executable, tuple(sorted(found))
