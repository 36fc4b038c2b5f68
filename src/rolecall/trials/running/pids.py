"""A bound on processes for root, to whom the kernel's own limit (`RLIMIT_NPROC`) does not apply.

A control group of cgroup's controller `pids`, in its first version or its second. Without it a fork
bomb of root's starves whoever watches it: on two cores it raged for up to a minute.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MOUNTED = Path("/sys/fs/cgroup")
_SPARE = 16
"""Beyond the limit there is room for so many, so that the watch sees that it was reached."""
_LINGERING = 2.0
"""Seconds that the last of a group are waited for; they are dead already."""


@contextmanager
def bounded(processes: int) -> Iterator[list[str]]:
    """What a command line has to begin with to be bounded; nothing for others than root."""
    group = _made(processes) if os.geteuid() == 0 else None
    if group is None:
        yield []
        return
    try:
        yield ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs")]
    finally:
        _remove(group)


def _made(processes: int) -> Path | None:
    """A new group; None where no controller can be asked."""
    group = _parent() / f"rolecall-{secrets.token_hex(6)}"
    try:
        group.mkdir()
    except OSError:
        return None
    try:
        (group / "pids.max").write_text(str(processes + _SPARE), encoding="ascii")
    except OSError:
        group.rmdir()
        return None
    return group


def _parent() -> Path:
    first = _MOUNTED / "pids"
    return first if first.is_dir() else _MOUNTED


def _remove(group: Path) -> None:
    """As soon as it is empty."""
    end = time.monotonic() + _LINGERING
    while time.monotonic() < end:
        with suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.01)
