"""opencode. Source: https://opencode.ai/docs/config, 2026-11-24."""

from __future__ import annotations

import json
from pathlib import Path

from rolecall.config.machine import Machine
from rolecall.connect.client import KEY, Bond, Client, Setting, Start, Target, Value

_ROLES = ("auto", "plan", "review", "code", "fast", "local")


def _settings(bond: Bond) -> tuple[Setting, ...]:
    """Planning is what its plan agent does; titles are its small model's."""
    key = KEY if bond.token_env is None else f"{{env:{bond.token_env}}}"
    models: dict[str, Value] = {f"rolecall/{role}": {"name": f"rolecall {role}"} for role in _ROLES}
    provider: dict[str, Value] = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "rolecall",
        "options": {"baseURL": bond.openai, "apiKey": key},
        "models": models,
    }
    return (
        Setting(path=("provider", "rolecall"), value=provider),
        Setting(path=("model",), value="rolecall/rolecall/auto"),
        Setting(path=("small_model",), value="rolecall/rolecall/fast"),
        Setting(path=("agent", "plan", "model"), value="rolecall/rolecall/plan"),
    )


def _file(machine: Machine) -> Path:
    given = machine.environ.get("OPENCODE_CONFIG", "")
    if given:
        return Path(given).expanduser()
    folder = machine.folder("XDG_CONFIG_HOME", ".config") / "opencode"
    commented = folder / "opencode.jsonc"
    return commented if commented.exists() else folder / "opencode.json"


def targets(machine: Machine, bond: Bond) -> tuple[Target, ...]:
    return (Target(file=_file(machine), form="json", settings=_settings(bond)),)


def start(bond: Bond) -> Start:
    content: dict[str, Value] = {}
    for setting in _settings(bond):
        place = content
        for key in setting.path[:-1]:
            inner = place.setdefault(key, {})
            assert isinstance(inner, dict)  # noqa: S101 (made here)
            place = inner
        place[setting.path[-1]] = setting.value
    return Start(environ={"OPENCODE_CONFIG_CONTENT": json.dumps(content)})


OPENCODE = Client(
    name="opencode",
    program="opencode",
    targets=targets,
    start=start,
    said="its plan agent plays rolecall/plan; `opencode models rolecall` lists the others",
)
