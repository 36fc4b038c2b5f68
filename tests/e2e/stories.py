"""A story: one run of a real client through rolecall, with what every part of the way saw of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from e2e import drive
from e2e.agents import FINAL, RAN, Step, working
from support.answers import Received, Script
from support.gateway import STACK, start_gateway
from support.upstream import Upstream

CLIENTS = Path(os.environ.get("ROLECALL_CLIENTS", Path(__file__).parents[2] / ".clients"))
PROGRAMS = {
    "codex": "node/node_modules/.bin/codex",
    "claude-code": "node/node_modules/.bin/claude",
    "opencode": "node/node_modules/.bin/opencode",
    "mistral-vibe": "vibe/bin/vibe",
    "aider": "aider/bin/aider",
}
MORE_PROGRAMS = {
    "gemini-cli": "node/node_modules/.bin/gemini",
    "continue": "node/node_modules/.bin/cn",
    "pi": "node/node_modules/.bin/pi",
    "mini-swe-agent": "more/bin/mini",
    "llm": "more/bin/llm",
}
"""Clients that `connect` knows, and that no other test drives."""
AUTO = "rolecall/auto"

Act = Callable[[drive.Place, str], drive.Ran]


class Story(Struct, frozen=True, kw_only=True):
    """What the client did, what the upstream was asked, and what rolecall decided, oldest first."""

    ran: drive.Ran
    repository: Path
    asked: list[Received]
    decisions: list[dict[str, Any]]

    def models(self, *works: str) -> set[str | None]:
        """Name the models that the upstream was asked for in these kinds of work."""
        pairs = zip(self.decisions, self.asked, strict=True)
        return {asked.model for decision, asked in pairs if decision["work"] in works}

    def works(self) -> list[str]:
        return [decision["work"] for decision in self.decisions]

    def file(self, name: str) -> str:
        return (self.repository / name).read_text()

    def assert_task_done(self) -> None:
        """Check that the client's own tools changed the file and ran the command."""
        assert self.ran.code == 0, self.ran.stderr
        assert self.file("ran.txt") == RAN
        assert FINAL in self.ran.stdout


def require(client: str) -> None:
    """Skip the test where the client is not installed; fail where it must be."""
    program = {**PROGRAMS, **MORE_PROGRAMS}[client]
    if (CLIENTS / program).exists() and _can_start(program):
        return
    reason = f"{client} is not installed: run `python tests/e2e/install_clients.py`, which says why"
    if os.environ.get("ROLECALL_E2E") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


def perform(folder: Path, steps: Callable[[Path], tuple[Step, ...]], act: Act) -> Story:
    """Let a client work for an upstream that takes the steps meant for its repository."""
    place = drive.prepare(CLIENTS, folder)
    return play(place, working(*steps(place.repository)), act)


def play(place: drive.Place, script: Script, act: Act) -> Story:
    """Let a client work for a scripted upstream, with rolecall between them."""
    home = place.home.with_name("rolecall")
    home.mkdir()
    with (
        Upstream(script) as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), home) as gateway,
    ):
        ran = act(place, gateway.url)
        decisions = list(reversed(gateway.decisions()))
    asked = [received for received in upstream.received if received.dialect is not None]
    return Story(ran=ran, repository=place.repository, asked=asked, decisions=decisions)


def _can_start(program: str) -> bool:
    needs_node = program.startswith("node/")
    return not needs_node or shutil.which("node") is not None
