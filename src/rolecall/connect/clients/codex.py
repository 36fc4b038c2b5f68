"""Codex CLI. Source: npm @openai/codex 0.169, read 2026-11-24."""

from __future__ import annotations

import json

from rolecall.config.machine import Machine
from rolecall.connect.client import Bond, Client, Setting, Start, Target, Value

_PROFILES = {"plan": "rolecall/plan", "fast": "rolecall/fast", "local": "rolecall/local"}


def _provider(bond: Bond) -> dict[str, Value]:
    own: dict[str, Value] = {"env_key": bond.token_env} if bond.token_env else {}
    return {"name": "rolecall", "base_url": bond.openai, "wire_api": "responses", **own}


def targets(machine: Machine, bond: Bond) -> tuple[Target, ...]:
    """The configuration, and one profile for each role that a person may want for a session."""
    folder = machine.folder("CODEX_HOME", ".codex")
    main = Target(
        file=folder / "config.toml",
        form="toml",
        settings=(
            Setting(path=("model",), value="rolecall/auto"),
            Setting(path=("review_model",), value="rolecall/review"),
            Setting(path=("model_provider",), value="rolecall"),
            Setting(path=("model_providers", "rolecall"), value=_provider(bond)),
        ),
    )
    profiles = (
        Target(
            file=folder / f"rolecall-{role}.config.toml",
            form="toml",
            settings=(Setting(path=("model",), value=model),),
        )
        for role, model in _PROFILES.items()
    )
    return (main, *profiles)


def start(bond: Bond) -> Start:
    table = ", ".join(f"{key} = {json.dumps(value)}" for key, value in _provider(bond).items())
    settings = {
        "model": '"rolecall/auto"',
        "review_model": '"rolecall/review"',
        "model_provider": '"rolecall"',
        "model_providers.rolecall": f"{{ {table} }}",
    }
    arguments = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    return Start(arguments=tuple(arguments))


CODEX = Client(
    name="codex",
    program="codex",
    targets=targets,
    start=start,
    said="`codex -p rolecall-plan` plans a whole session; -p rolecall-fast and rolecall-local, too",
)
