"""What a tree of processes and a few folders take, read from `/proc` and the file system."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_ENTRY = 4096
"""Bytes that an entry counts for at least: empty files without end fill a disk as well."""
_REST = 20.0
"""A folder is walked again after this many times what the last walk took, and a second at least."""


def processes(root: int, *, at_most: int) -> list[int]:
    """A process and all below it; one more than `at_most` is enough to say that it is too many."""
    found = [root]
    for pid in found:
        if len(found) > at_most:
            break
        found += _children(pid)
    return found


def _children(pid: int) -> list[int]:
    """Of all its threads. Somebody who has ended meanwhile has none."""
    children: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                text = (thread / "children").read_text(encoding="ascii")
                children += map(int, text.split())
    return children


def memory(found: Sequence[int], limit: int) -> bool:
    """Whether processes hold more than `limit` bytes of their own, files that they map left out.

    Pages that a fork shares are counted for each first, which is quick; only where that is too much
    are they counted once (proc_pid_smaps(5): the proportional set size).
    """
    if sum(map(_anonymous, found)) <= limit:
        return False
    return sum(map(_proportional, found)) > limit


def _anonymous(pid: int) -> int:
    try:
        numbers = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return (int(numbers[1]) - int(numbers[2])) * _PAGE


def _proportional(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    found = (line.split() for line in text.splitlines())
    return sum(int(parts[1]) * 1024 for parts in found if parts[0] == "Pss_Anon:")


class Disk:
    """Whether folders have grown by more than a limit since this was made.

    Walking a folder takes long where it holds much, so it is walked now and then, and at once where
    its file system has lost much of its room.
    """

    def __init__(self, folders: Sequence[Path], limit: int) -> None:
        self._folders = folders
        self._limit = limit
        self._walk()
        self._before = self._size

    def beyond(self, *, now: bool = False) -> bool:
        lost = self._free - _free(self._folders)
        if now or time.perf_counter() >= self._next or lost > self._limit // 4:
            self._walk()
        return self._size - self._before > self._limit

    def _walk(self) -> None:
        began = time.perf_counter()
        self._size = sum(map(size, self._folders))
        self._free = _free(self._folders)
        now = time.perf_counter()
        self._next = now + max(1.0, _REST * (now - began))


def _free(folders: Sequence[Path]) -> int:
    found = [os.statvfs(folder) for folder in folders]
    return sum(one.f_bavail * one.f_frsize for one in found)


def size(folder: Path) -> int:
    """Bytes on the disk below a folder. No link is followed; what cannot be read counts little."""
    total = 0
    waiting = [str(folder)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    total += max(entry.stat(follow_symlinks=False).st_blocks * 512, _ENTRY)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return total
