"""`rolecall connect CLIENT && CLIENT …`, as a new user types it, and `disconnect` after it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec import Struct

from e2e import agents, drive
from e2e.stories import CLIENTS, PROGRAMS, require
from support.answers import Script
from support.gateway import STACK, Gateway, run_rolecall, start_gateway
from support.upstream import Upstream

pytestmark = pytest.mark.e2e

TASK = agents.TASK
QUIET = {
    "IS_SANDBOX": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "VIBE_ENABLE_TELEMETRY": "false",
    "VIBE_ENABLE_UPDATE_CHECKS": "false",
    "VIBE_ENABLE_AUTO_UPDATE": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}
"""What keeps a client from calling home; none of it says where a model is."""
NAMES = {"mistral-vibe": "vibe"}
"""Where `connect` calls a client otherwise than the signals do."""


class Typed(Struct, frozen=True):
    """What a person types after the client's name."""

    arguments: tuple[str, ...]
    script: Script


def typed(client: str, repository: Path) -> Typed:
    words: tuple[str, ...]
    match client:
        case "codex":
            free = "--dangerously-bypass-approvals-and-sandbox"
            words = ("exec", "--skip-git-repo-check", free, TASK)
            return Typed(words, agents.working(*agents.codex_steps(repository)))
        case "claude-code":
            words = ("-p", TASK, "--dangerously-skip-permissions")
            return Typed(words, agents.working(*agents.claude_code_steps(repository)))
        case "opencode":
            return Typed(("run", TASK), agents.working(*agents.opencode_steps(repository)))
        case "mistral-vibe":
            words = ("-p", TASK, "--auto-approve", "--trust")
            return Typed(words, agents.working(*agents.vibe_steps(repository)))
        case _:
            plain = ("--edit-format", "diff", "--map-tokens", "0", "--yes-always", "--no-gitignore")
            calm = ("--no-check-update", "--analytics-disable", "--no-show-model-warnings")
            words = (*plain, *calm, "--no-pretty", "--message", TASK, "greeting.py")
            return Typed(words, agents.editing)


class House(Struct):
    """A gateway, and a person whose home knows where it listens."""

    place: drive.Place
    gateway: Gateway
    words: tuple[str, ...]

    def rolecall(self, *arguments: str) -> None:
        done = run_rolecall(self.place.home, *arguments, env=self.environ())
        assert done.returncode == 0, done.stderr

    def environ(self) -> dict[str, str]:
        found = {**drive.environment(self.place), **QUIET}
        folders = {str(Path(self.place.program(one)).parent) for one in PROGRAMS.values()}
        return {**found, "PATH": os.pathsep.join([*sorted(folders), found["PATH"]])}


@contextmanager
def house(client: str, folder: Path) -> Iterator[House]:
    place = drive.prepare(CLIENTS, folder / "run")
    home = folder / "rolecall"
    home.mkdir()
    what = typed(client, place.repository)
    with Upstream(what.script) as upstream:
        config = STACK.format(base_url=upstream.base_url)
        with start_gateway(config, home) as gateway:
            port = gateway.url.rpartition(":")[2]
            (place.home / "rolecall.toml").write_text(f"{config}\n[server]\nport = {port}\n")
            yield House(place, gateway, what.arguments)


def files(home: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and "rolecall" not in str(path.relative_to(home))
    }


def settings_of(home: Path) -> set[str]:
    """Settings below the home that speak of rolecall; sessions and caches may."""
    kinds = ("config.toml", "settings.json", "opencode.json", ".yml")
    found = {name for name, text in files(home).items() if b"rolecall/" in text}
    return {name for name in found if name.endswith(kinds)}


@pytest.mark.parametrize("client", list(PROGRAMS))
def test_connect_work_disconnect(client: str, tmp_path: Path) -> None:
    """The client's own command is all it takes, and its settings are as they were afterwards."""
    require(client)
    with house(client, tmp_path) as there:
        name = NAMES.get(client, client)
        before = files(there.place.home)
        there.rolecall("connect", name, "--yes")
        written = {k: v for k, v in files(there.place.home).items() if before.get(k) != v}
        assert written
        program = there.place.program(PROGRAMS[client])
        ran = drive.run(there.place, [program, *there.words], there.environ())
        assert ran.code == 0, ran.stderr
        asked = {one["asked_model"] for one in there.gateway.decisions()}
        assert "rolecall/auto" in asked
        assert asked <= {"rolecall/auto", "rolecall/fast", "rolecall/plan", "rolecall/review"}
        there.rolecall("disconnect", name)
        left = files(there.place.home)
        assert not [one for one in written if b"rolecall" in left.get(one, b"")]
    assert agents.AFTER in (there.place.repository / "greeting.py").read_text()


@pytest.mark.parametrize("client", list(PROGRAMS))
def test_run_touches_no_file(client: str, tmp_path: Path) -> None:
    """`rolecall run CLIENT …` connects for that run alone."""
    require(client)
    with house(client, tmp_path) as there:
        home = there.place.home
        name = NAMES.get(client, client)
        config = str(home / "rolecall.toml")
        command = [
            sys.executable,
            *("-m", "rolecall", "run", "--config", config, name),
            *there.words,
        ]
        ran = drive.run(there.place, command, there.environ())
        assert ran.code == 0, ran.stderr
        assert "rolecall/auto" in {one["asked_model"] for one in there.gateway.decisions()}
        assert not settings_of(home)
    assert agents.AFTER in (there.place.repository / "greeting.py").read_text()
