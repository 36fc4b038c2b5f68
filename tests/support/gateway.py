"""`rolecall up` as a user runs it: a process of its own, on a free port, in a home of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from support.http import get

_ADDRESS = re.compile(r"rolecall \S+ on (http://\S+)")

STACK = """
[providers.up]
base_url = "{base_url}"
dialects = ["openai.chat", "openai.responses", "anthropic.messages"]
zone = "local"
auth = "none"

[roles]
plan = ["up/plan-model"]
review = ["up/review-model"]
code = ["up/code-model"]
fast = ["up/fast-model"]
local = ["up/local-model"]

[routing]
text_confidence = 1
"""
"""A stack whose roles can be told apart by the model that the upstream receives.

Words are not read: what is tested with it is about structure and about the way of a request."""


class Gateway(Struct):
    """A running gateway. `said` is what it printed: at its start, and after its end all of it."""

    url: str
    home: Path
    process: subprocess.Popen[str]
    said: str

    def decisions(self, limit: int = 200) -> list[dict[str, Any]]:
        """Recorded decisions, newest first."""
        return self.json(f"/rolecall/decisions?limit={limit}")  # type: ignore[no-any-return] # JSON

    def json(self, path: str) -> Any:
        return msgspec.json.decode(get(self.url + path).body)

    def wait_for(self, wanted: Callable[[list[dict[str, Any]]], bool], seconds: float = 10) -> None:
        """Ask for the decisions until they are as wanted."""
        end = time.monotonic() + seconds
        while not wanted(self.decisions()):
            assert time.monotonic() < end, f"not as wanted: {self.decisions()}"
            time.sleep(0.02)

    def rolecall(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command in the same home."""
        return run_rolecall(self.home, *arguments)

    def kill(self) -> None:
        """Kill -9, as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def home_environment(home: Path) -> dict[str, str]:
    """The environment of a user whose home is `home` and who has no keys."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    folders = {"HOME": "", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config"}
    return kept | {name: str(home / folder) for name, folder in folders.items()}


def run_rolecall(
    home: Path, *arguments: str, env: Mapping[str, str] | None = None, seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, in the folder `home`."""
    return subprocess.run(
        [sys.executable, "-m", "rolecall", *arguments],
        cwd=home,
        env={**home_environment(home), **(env or {})},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@contextmanager
def start_gateway(
    config: str | None, home: Path, env: Mapping[str, str] | None = None
) -> Iterator[Gateway]:
    """Start the gateway on a free port, and stop it as Ctrl-C would."""
    if config is not None:
        (home / "rolecall.toml").write_text(config)
    with (home / "stderr.txt").open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "rolecall", "up", "--port", "0"],
            cwd=home,
            env={**home_environment(home), "PYTHONUNBUFFERED": "1", **(env or {})},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    gateway = None
    try:
        gateway = _ready(process, home)
        yield gateway
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
        if gateway is not None:
            gateway.said += rest


def _ready(process: subprocess.Popen[str], home: Path) -> Gateway:
    """Read what it prints up to the line that says how to connect, which is its last."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Connect a client"):
            break
    said = "".join(lines)
    address = _ADDRESS.search(said)
    assert address, f"it did not start: {said}{(home / 'stderr.txt').read_text()}"
    return Gateway(url=address.group(1), home=home, process=process, said=said)
