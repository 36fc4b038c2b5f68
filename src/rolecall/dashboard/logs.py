"""The clients' own logs, audited by `rolecall audit` in a process of its own.

The page tells what the command tells. Reading logs takes a processor for seconds, and gigabytes may
be new; neither the memory nor the interpreter of a gateway is the place for that.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from rolecall.audit.report import Report

_FRESH = 300.0
"""Seconds for which an audit is shown again without a new look."""


class Audited(Struct, frozen=True, kw_only=True):
    """The newest audit of a span, if there is one yet; what went wrong, if something did."""

    report: Report | None = None
    reading: bool = False
    trouble: str = ""


class _Look(Struct):
    """An audit under way, or done."""

    process: subprocess.Popen[bytes]
    ended: float | None = None
    report: Report | None = None
    trouble: str = ""


class Logs:
    """Audits by span (`30d`), each made anew when it is asked for and no longer fresh."""

    def __init__(self, config: Path | None) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._looks: dict[str, _Look] = {}
        self._kept: dict[str, Report] = {}

    def audited(self, since: str, *, again: bool = False) -> Audited:
        """What is known now. Where it is old or nothing, a look has begun."""
        with self._lock:
            look = self._looks.get(since)
            if look is None or (look.ended is not None and (again or self._is_old(look))):
                self._stop_others()
                look = self._looks[since] = self._begun(since)
            return Audited(
                report=self._kept.get(since), reading=look.ended is None, trouble=look.trouble
            )

    def close(self) -> None:
        """End what is under way."""
        with self._lock:
            self._stop_others()

    def _is_old(self, look: _Look) -> bool:
        return look.ended is not None and time.monotonic() - look.ended > _FRESH

    def _stop_others(self) -> None:
        for since, look in list(self._looks.items()):
            if look.ended is None:
                look.process.kill()
                del self._looks[since]

    def _begun(self, since: str) -> _Look:
        command = [sys.executable, "-m", "rolecall", "audit", "--json", "--since", since]
        config = [] if self._config is None else ["--config", str(self._config.absolute())]
        process = subprocess.Popen(  # noqa: S603 (our own command)
            [*command, *config],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        look = _Look(process)
        threading.Thread(target=self._wait, args=(since, look), daemon=True).start()
        return look

    def _wait(self, since: str, look: _Look) -> None:
        told, errors = look.process.communicate()
        with self._lock:
            try:
                self._kept[since] = msgspec.json.decode(told, type=Report)
            except msgspec.DecodeError:
                said = errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
                look.trouble = said or f"the audit ended with {look.process.returncode}"
            look.ended = time.monotonic()
