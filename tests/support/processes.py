"""Whether processes are still there."""

from __future__ import annotations

import os
import time
from pathlib import Path


def gone(pid: int) -> bool:
    """Whether a process is no more, or soon will be: who is killed may still have to be told."""
    until = time.monotonic() + 20
    while is_there(pid) and time.monotonic() < until:
        os.sched_yield()
    return not is_there(pid)


def is_there(pid: int) -> bool:
    """A corpse that somebody has still to bury does not count."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}
