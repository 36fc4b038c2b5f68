"""Run a command in a tree, within limits, and end all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from rolecall.types.trials import Stop

HEAD, TAIL = 32_768, 229_376
"""Bytes kept of an output: its beginning and its end."""
MOST_OUTPUT = 64 * 1024 * 1024
"""Bytes of output at which a command is ended."""
_BLOCK = 65_536
_LOOKED_AT = 0.2
"""Seconds between two looks at whether it is over. An end of the process is noticed at once."""
_LINGERING = 2.0
"""Seconds that are waited for the end of an output which somebody outside of the group holds."""


class Done(Struct, frozen=True, kw_only=True):
    """How a command ended. `status` is its exit code, None where it was ended or never began."""

    status: int | None
    output: str
    seconds: float
    stop: Stop


class Execute(Protocol):
    """Runs `command` with `tree` as its folder and `environ` as its whole environment."""

    def __call__(
        self, command: Sequence[str], tree: Path, *, seconds: float, environ: Mapping[str, str]
    ) -> Done: ...


def plain(
    command: Sequence[str], tree: Path, *, seconds: float, environ: Mapping[str, str]
) -> Done:
    """Run it as a process of its own, without a sandbox: for tests the user has run before.

    The command and what it started are one process group, which is killed whole at the end.
    """
    return plain_until(threading.Event())(command, tree, seconds=seconds, environ=environ)


def plain_until(over: threading.Event) -> Execute:
    """The same; what runs when it is over is ended, and counts as lost."""

    def run(
        command: Sequence[str], tree: Path, *, seconds: float, environ: Mapping[str, str]
    ) -> Done:
        began = time.perf_counter()
        try:
            process = subprocess.Popen(  # noqa: S603 (a test command, of the repository or its user)
                list(command),
                cwd=tree,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            says = f"{command[0]}: cannot be run: {error.strerror}"
            return Done(status=None, output=says, seconds=0.0, stop="crashed")
        return _watched(process, began, began + seconds, over)

    return run


class _Heard:
    """The beginning and the end of an output, read to its end on a thread."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.head, self.tail, self.size = bytearray(), bytearray(), 0
        self._process = process
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 (it is a pipe, as asked)
        with self._process.stdout as stream:
            while block := os.read(stream.fileno(), _BLOCK):
                self._take(block)

    def _take(self, block: bytes) -> None:
        self.size += len(block)
        room = max(0, HEAD - len(self.head))
        self.head += block[:room]
        self.tail += block[room:]
        del self.tail[:-TAIL]
        if self.size > MOST_OUTPUT:
            _end(self._process)

    def text(self) -> str:
        """All of it as text, once nobody of the group can write any more."""
        self._thread.join(_LINGERING)
        left = self.size - len(self.head) - len(self.tail)
        between = f"\n... {left} bytes left out ...\n".encode() if left > 0 else b""
        return (bytes(self.head) + between + bytes(self.tail)).decode("utf-8", "replace")


def _watched(
    process: subprocess.Popen[bytes], began: float, until: float, over: threading.Event
) -> Done:
    heard, ended = _Heard(process), threading.Event()
    waiter = threading.Thread(target=_await, args=(process, ended), daemon=True)
    waiter.start()
    stop = _stop(ended, until, over)
    if stop != "finished":
        _end(process)
    waiter.join()
    took = time.perf_counter() - began
    text = heard.text()
    stop = "output" if heard.size > MOST_OUTPUT else stop
    status = process.returncode if stop == "finished" else None
    return Done(status=status, output=text, seconds=took, stop=stop)


def _stop(ended: threading.Event, until: float, over: threading.Event) -> Stop:
    """Wait for the first of three: the end of the process, the limit, the end of all of this."""
    while not over.is_set():
        left = until - time.perf_counter()
        if ended.wait(max(0.0, min(_LOOKED_AT, left))):
            return "finished"
        if left <= 0:
            return "time"
    return "lost"


def _await(process: subprocess.Popen[bytes], ended: threading.Event) -> None:
    """Wait for the first process, end the others, and only then let its number go.

    Where a system cannot wait without burying, as macOS, the others are ended right after.
    """
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        _kill(process.pid)
        process.wait()
    else:
        process.wait()
        _kill(process.pid)
    ended.set()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole group, unless it was already. Its number is not given to others until then."""
    if process.returncode is None:
        _kill(process.pid)


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
