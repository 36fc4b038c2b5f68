"""aider. Source: https://aider.chat/docs/config, 2026-11-24."""

from __future__ import annotations

from rolecall.config.machine import Machine
from rolecall.connect.client import KEY, Bond, Client, Setting, Start, Target

_MODELS = {
    "model": "openai/rolecall/auto",
    "weak-model": "openai/rolecall/fast",
    "editor-model": "openai/rolecall/code",
}


def targets(machine: Machine, bond: Bond) -> tuple[Target, ...]:
    """Keys at the top of its YAML. With a token the person exports OPENAI_API_KEY."""
    values = {"openai-api-base": bond.openai, **_MODELS}
    if bond.token_env is None:
        values["openai-api-key"] = KEY
    settings = tuple(Setting(path=(key,), value=value) for key, value in values.items())
    return (Target(file=machine.home / ".aider.conf.yml", form="yaml", settings=settings),)


def start(bond: Bond) -> Start:
    names = {f"AIDER_{key.replace('-', '_').upper()}": value for key, value in _MODELS.items()}
    key = {} if bond.token_env is not None else {"OPENAI_API_KEY": KEY}
    return Start(environ={"OPENAI_API_BASE": bond.openai, **names, **key})


AIDER = Client(
    name="aider",
    program="aider",
    targets=targets,
    start=start,
    said="with --architect, add --model openai/rolecall/plan; its editor plays rolecall/code",
)
