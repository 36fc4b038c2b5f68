"""A program in an environment of its own: a line of JSON in, a line of JSON out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_ENVIRONMENTS = Path(__file__).parents[2] / ".clients"


class Program:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def asks(self, job: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def program(environment: str, script: Path) -> Iterator[Program]:
    """Run a script; skip the test, with the reason, where its environment is not installed."""
    python = _ENVIRONMENTS / environment / "bin/python"
    if not python.exists():
        reason = f"the environment {environment!r} is not installed: run `make clients`"
        if os.environ.get("ROLECALL_E2E") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    environ = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        [str(python), str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=sys.stderr,
        text=True,
        env=environ,
    ) as process:
        yield Program(process)
        assert process.stdin is not None
        process.stdin.close()
