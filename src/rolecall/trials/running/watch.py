"""Run a command under watch: time, memory, processes, disk and output, and end all of it at once.

The kernel's own limits hold where they can (`sandbox.py` sets them). What they cannot bound, sums
over processes and folders, is looked at ten times a second: a burst between two looks gets a tenth
of a second and not more.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct

from rolecall.trials.judging.execute import HEAD, TAIL, Done
from rolecall.trials.running.usage import Disk, memory, processes
from rolecall.types.trials import RunLimits, Stop

INFO = "{info}"
"""Stands in a command for the descriptor that bubblewrap tells its first process on."""
_LOOK = 0.1
"""Seconds between two looks."""
_BLOCK = 65_536
_LINGERING = 5.0
"""Seconds that are waited for the end of what was killed."""
_MIB = 1024 * 1024


class Bounds(Struct, frozen=True, kw_only=True):
    """What a command may take. `folders` are those whose growth counts as disk.

    `halt` is a descriptor: when it can be read, somebody else has ended the run.
    """

    seconds: float
    limits: RunLimits
    folders: tuple[Path, ...] = ()
    halt: int | None = None


def watched(
    command: Sequence[str], bounds: Bounds, *, cwd: Path | None, environ: Mapping[str, str]
) -> Done:
    """Run it to its end or to the first limit; nothing of it is left when this returns.

    A run that was halted says `spend`; whoever halted it knows better.
    """
    began = time.perf_counter()
    try:
        running = _Running(command, cwd, environ)
    except OSError as error:
        says = f"{command[0]}: cannot be run: {error.strerror}"
        return Done(status=None, output=says, seconds=0.0, stop="crashed")
    with running:
        stop = _watch(running, bounds, began)
    took = time.perf_counter() - began
    status = running.process.returncode if stop == "finished" else None
    return Done(status=status, output=running.heard.text(), seconds=took, stop=stop)


def _watch(running: _Running, bounds: Bounds, began: float) -> Stop:
    """Read what it says and look at what it takes, until it ends or has to be ended."""
    disk = Disk(bounds.folders, bounds.limits.disk_mib * _MIB)
    if bounds.halt is not None:
        running.waiting.register(bounds.halt, select.POLLIN)
    last, following = began + bounds.seconds, began + _LOOK
    while True:
        ready = running.ready(min(following, last) - time.perf_counter())
        if running.heard.size > bounds.limits.output_mib * _MIB:
            return "output"
        if bounds.halt in ready:
            return "spend"
        if running.ends in ready:
            return "disk" if disk.beyond(now=True) else "finished"
        now = time.perf_counter()
        if now >= last:
            return "time"
        if now >= following:
            found = _beyond(running.process.pid, bounds.limits, disk)
            if found is not None:
                return found
            following = time.perf_counter() + _LOOK


def _beyond(root: int, limits: RunLimits, disk: Disk) -> Stop | None:
    found = processes(root, at_most=limits.processes)
    if len(found) > limits.processes:
        return "processes"
    if memory(found, limits.memory_mib * _MIB):
        return "memory"
    return "disk" if disk.beyond() else None


class _Heard:
    """The beginning and the end of an output, and how long it was."""

    def __init__(self) -> None:
        self.size = 0
        self._head, self._tail = bytearray(), bytearray()

    def take(self, block: bytes) -> None:
        self.size += len(block)
        room = max(0, HEAD - len(self._head))
        self._head += block[:room]
        self._tail += block[room:]
        del self._tail[:-TAIL]

    def text(self) -> str:
        left = self.size - len(self._head) - len(self._tail)
        between = f"\n... {left} bytes left out ...\n".encode() if left > 0 else b""
        return (bytes(self._head) + between + bytes(self._tail)).decode("utf-8", "replace")


class _Running:
    """A process under watch. At the end of the block it is dead, and so is all below it."""

    def __init__(
        self, command: Sequence[str], cwd: Path | None, environ: Mapping[str, str]
    ) -> None:
        self._info, told = os.pipe()
        try:
            self.process = subprocess.Popen(  # noqa: S603 (what is run is the trial's business)
                [str(told) if part == INFO else part for part in command],
                cwd=cwd,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(told,) if INFO in command else (),
            )
        except BaseException:
            os.close(self._info)
            raise
        finally:
            os.close(told)
        assert self.process.stdout is not None  # noqa: S101 (asked for above)
        self._stream = self.process.stdout.fileno()
        self.ends = os.pidfd_open(self.process.pid)
        self._told = b""
        self._inner: int | None = None
        self.heard = _Heard()
        self.waiting = select.poll()
        for one in (self._stream, self._info, self.ends):
            self.waiting.register(one, select.POLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()
        assert self.process.stdout is not None  # noqa: S101
        self.process.stdout.close()
        for one in (self._info, self.ends, self._inner):
            if one is not None:
                os.close(one)

    def ready(self, seconds: float) -> set[int]:
        """What can be read within some seconds. Its output is taken, its first process noted."""
        found = {one for one, _ in self.waiting.poll(max(0.0, seconds) * 1000)}
        if self._stream in found and not self._hear():
            self.waiting.unregister(self._stream)
        if self._info in found and not self._note(os.read(self._info, _BLOCK)):
            self.waiting.unregister(self._info)
        return found

    def _hear(self) -> bool:
        """Take what is there; False at its end."""
        block = os.read(self._stream, _BLOCK)
        self.heard.take(block)
        return bool(block)

    def _note(self, told: bytes) -> bool:
        """The first process of a sandbox: when it has ended, everything in there has.

        It is told of as JSON, in pieces. False once there is no more to come.
        """
        self._told += told
        if told and b"}" in self._told:
            with suppress(ProcessLookupError):
                self._inner = os.pidfd_open(json.loads(self._told)["child-pid"])
        return bool(told) and b"}" not in self._told

    def _end(self) -> None:
        """Kill the group, and with its first process the whole sandbox; hear the last of it.

        The group's number is nobody else's before `wait` has taken it.
        """
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        end = time.perf_counter() + _LINGERING
        if self._inner is not None:
            gone = select.poll()
            gone.register(self._inner, select.POLLIN)
            gone.poll(_LINGERING * 1000)
        last = select.poll()
        last.register(self._stream, select.POLLIN)
        while last.poll(max(0.0, end - time.perf_counter()) * 1000):
            if not self._hear():
                return
