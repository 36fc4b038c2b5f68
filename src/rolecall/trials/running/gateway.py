"""The trial's own gateway: `rolecall up` as a child, with the user's configuration and ledger.

So that rules of privacy, prices, budgets and records are the real ones. One that dies is started
again at the same address; what was under way there is lost, and made once more.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct

from rolecall.errors import StartError

_ADDRESS = re.compile(r"rolecall \S+ on (http://\S+)")
_STARTS = 20
"""Starts in a trial, after which a gateway is taken to be ill."""
_PATIENCE = 60.0
"""Seconds that a start may take; the embedded engine is loaded then."""


class Setup(Struct, frozen=True, kw_only=True):
    """How it is started. `host` is the address that it listens on."""

    config: Path | None
    folder: Path
    environ: Mapping[str, str]
    host: str = "127.0.0.1"


class OwnGateway:
    """Runs for the length of a block. `url` is where it answers."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.url = ""
        self._said: list[str] = []
        self._closing = False
        self._ready = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._keep, name="trial gateway", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.wait()
        except StartError:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def wait(self) -> None:
        """Until it answers. Raises `StartError` with what it said where it does not."""
        if not self._ready.wait(_PATIENCE) or not self.url or self._ended():
            said = " ".join(line.strip() for line in self._said[-3:]) or "it said nothing"
            raise StartError(f"the gateway of the trial does not start: {said}")

    def _ended(self) -> bool:
        return not self._thread.is_alive()

    @property
    def pid(self) -> int:
        """Of the process that answers now."""
        return 0 if self._process is None else self._process.pid

    def _close(self) -> None:
        self._closing = True
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
        self._thread.join()

    def _keep(self) -> None:
        """Start it as often as it ends."""
        try:
            for _ in range(_STARTS):
                self._once()
                if self._closing or not self.url:
                    return
        finally:
            self._ready.set()

    def _once(self) -> None:
        setup = self._setup
        port = self.url.rpartition(":")[2] or "0"
        command = [sys.executable, "-m", "rolecall", "up", "--with-parent"]
        command += ["--host", setup.host, "--port", port]
        command += [] if setup.config is None else ["--config", str(setup.config)]
        with subprocess.Popen(  # noqa: S603 (ourselves)
            command,
            cwd=setup.folder,
            env={**setup.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            self._process = process
            if self._closing and process.stdin is not None:
                process.stdin.close()
            self._listen(process)
        self._ready.clear()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        """Read what it says, to its end. A session of its own: Ctrl-C is for the runner alone."""
        assert process.stdout is not None  # noqa: S101 (asked for above)
        self._said = []
        for line in process.stdout:
            self._said = [*self._said[-20:], line]
            address = _ADDRESS.search(line)
            if address:
                self.url = address[1]
                self._ready.set()
