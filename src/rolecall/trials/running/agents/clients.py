"""Coding clients as agents: connected as `rolecall run` does it, started without a person.

What a client needs to work unasked is data, one entry for each.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from msgspec import Struct

from rolecall.connect.client import Bond, Client
from rolecall.connect.table import CLIENTS
from rolecall.trials.running.agents.agent import Agent, Job, Start, python

_FORWARD = Path(__file__).with_name("forward.py")
_QUIET = {"DO_NOT_TRACK": "1", "NO_COLOR": "1", "TERM": "dumb", "CI": "1", "NO_PROXY": "127.0.0.1"}


class Unasked(Struct, frozen=True, kw_only=True):
    """Arguments around the request, and variables. The sandbox is ours: theirs would be in ours."""

    before: tuple[str, ...]
    after: tuple[str, ...] = ()
    environ: dict[str, str] = {}


UNASKED: dict[str, Unasked] = {
    "claude-code": Unasked(
        before=("-p",),
        after=("--dangerously-skip-permissions", "--output-format", "text"),
        environ={
            "IS_SANDBOX": "1",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        },
    ),
    "codex": Unasked(
        before=(
            "exec",
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            *("-c", "check_for_update_on_startup=false", "-c", "analytics.enabled=false"),
        ),
    ),
    "opencode": Unasked(
        before=("run",),
        environ={
            "OPENCODE_PERMISSION": '{"*": "allow"}',
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
        },
    ),
    "vibe": Unasked(
        before=("-p",),
        after=("--auto-approve", "--trust", "--output", "text"),
        environ={
            "VIBE_ENABLE_TELEMETRY": "false",
            "VIBE_ENABLE_UPDATE_CHECKS": "false",
            "VIBE_ENABLE_AUTO_UPDATE": "false",
        },
    ),
}
"""Sources: the clients' own help, at the versions of tests/e2e/clients, read 2026-11-27."""


def start(client: Client, words: Unasked, job: Job) -> Start:
    """The client behind a forwarder, which is the one address that it knows."""
    found = shutil.which(client.program, path=job.environ.get("PATH"))
    assert found is not None  # noqa: S101 (`missing` was asked first)
    assert client.start is not None  # noqa: S101
    program = Path(found).parent.resolve() / Path(found).name
    bound = client.start(Bond(root=f"http://127.0.0.1:{job.port}"))
    interpreter, readable = python()
    forwarder = ("--socket", str(job.socket), "--port", str(job.port), "--")
    return Start(
        command=(
            *(interpreter, "-I", "-S", str(_FORWARD), *forwarder),
            *(str(program), *bound.arguments, *words.before, job.request, *words.after),
        ),
        environ={**job.environ, **_QUIET, **words.environ, **bound.environ},
        readable=(*readable, _FORWARD.parent, *folders(program, job.environ)),
    )


def folders(program: Path, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """What a program is made of, as far as it lies outside of the system's folders.

    For a package of npm all of its `node_modules` and the Node that runs it; for one in a virtual
    environment of Python that and the Python it was made from; else the folder of the program.
    """
    real = program.resolve()
    modules = [one for one in real.parents if one.name == "node_modules"]
    venv = next((one for one in real.parents if (one / "pyvenv.cfg").is_file()), None)
    found = [program.parent, modules[-1] if modules else venv or real.parent]
    if modules:
        node = shutil.which("node", path=environ.get("PATH"))
        found += [] if node is None else [Path(node).parent, Path(node).resolve().parent.parent]
    elif venv is not None:
        found += [(venv / "bin/python").resolve().parent.parent]
    system = (Path("/usr"), Path("/bin"), Path("/opt"))
    return tuple(one for one in found if not any(one.is_relative_to(up) for up in system))


def missing(client: Client, environ: Mapping[str, str]) -> str | None:
    if shutil.which(client.program, path=environ.get("PATH")) is not None:
        return None
    return f"{client.program} is not on the PATH; install {client.name}, or choose another --agent"


def client_agents() -> dict[str, Agent]:
    return {
        name: Agent(
            name=name,
            start=partial(start, CLIENTS[name], words),
            missing=partial(missing, CLIENTS[name]),
        )
        for name, words in UNASKED.items()
    }
