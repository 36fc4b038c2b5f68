"""pi. Source: npm @mariozechner/pi-coding-agent 0.73, docs/models.md, read 2026-11-24."""

from __future__ import annotations

from rolecall.config.machine import Machine
from rolecall.connect.client import KEY, Bond, Client, Setting, Target, Value

_ROLES = ("auto", "plan", "review", "code", "fast", "local")


def targets(machine: Machine, bond: Bond) -> tuple[Target, ...]:
    """A key of its file may be the name of a variable."""
    models: list[Value] = [
        {"id": f"rolecall/{role}", "name": f"rolecall {role}", "input": ["text", "image"]}
        for role in _ROLES
    ]
    provider: dict[str, Value] = {
        "baseUrl": bond.openai,
        "api": "openai-completions",
        "apiKey": bond.token_env or KEY,
        "models": models,
    }
    folder = machine.folder("PI_CODING_AGENT_DIR", ".pi/agent")
    return (
        Target(
            file=folder / "models.json",
            form="json",
            settings=(Setting(path=("providers", "rolecall"), value=provider),),
        ),
        Target(
            file=folder / "settings.json",
            form="json",
            settings=(
                Setting(path=("defaultProvider",), value="rolecall"),
                Setting(path=("defaultModel",), value="rolecall/auto"),
            ),
        ),
    )


PI = Client(
    name="pi",
    program="pi",
    targets=targets,
    said="`pi --model rolecall/plan` plans a session",
)
