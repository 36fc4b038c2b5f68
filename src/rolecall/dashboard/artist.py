"""Charts, drawn by a process of their own that starts with the first and ends by itself."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import OrderedDict

import msgspec

from rolecall.dashboard.drawings import Drawing
from rolecall.errors import StartError

_KEPT = 64
"""Charts that are remembered, some 30 kB each."""


class Artist:
    """Draws one chart at a time, for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._known: OrderedDict[bytes, str] = OrderedDict()

    def svg(self, drawing: Drawing) -> str:
        """The chart. Raises `StartError` where it cannot be drawn."""
        asked = msgspec.json.encode(drawing)
        with self._lock:
            found = self._known.get(asked)
            if found is None:
                found = self._known[asked] = self._drawn(asked)
            self._known.move_to_end(asked)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._end()

    def _drawn(self, asked: bytes) -> str:
        """One that has ended for want of questions is started again, once."""
        for _ in range(2):
            line = self._asked(asked)
            if line:
                return msgspec.json.decode(line, type=str)
            self._end()
        raise StartError("the chart could not be drawn; `rolecall doctor` says what is installed")

    def _asked(self, asked: bytes) -> bytes:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rolecall.dashboard.draw"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        told, answers = self._process.stdin, self._process.stdout
        assert told is not None  # noqa: S101 (both are pipes)
        assert answers is not None  # noqa: S101
        try:
            told.write(asked + b"\n")
            told.flush()
            return answers.readline()
        except BrokenPipeError:
            return b""

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.communicate()
