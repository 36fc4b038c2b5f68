"""Zed. Source: its settings as published examples of its documentation have them, 2026-11-24.

Its key comes from the system's key ring, or from the variable ROLECALL_API_KEY.
"""

from __future__ import annotations

from rolecall.config.machine import Machine
from rolecall.connect.client import Bond, Client, Setting, Target, Value

_ROLES = ("auto", "plan", "review", "code", "fast", "local")
_USES = {
    "default_model": "auto",
    "inline_assistant_model": "code",
    "commit_message_model": "fast",
    "thread_summary_model": "fast",
    "subagent_model": "fast",
}
_CONTEXT = 200_000
"""Tokens that Zed fills before it makes room; it insists on a number."""


def targets(machine: Machine, bond: Bond) -> tuple[Target, ...]:
    models: list[Value] = [
        {"name": f"rolecall/{role}", "display_name": f"rolecall {role}", "max_tokens": _CONTEXT}
        for role in _ROLES
    ]
    provider: dict[str, Value] = {"api_url": bond.openai, "available_models": models}
    used = (
        Setting(path=("agent", use), value={"provider": "rolecall", "model": f"rolecall/{role}"})
        for use, role in _USES.items()
    )
    path = ("language_models", "openai_compatible", "rolecall")
    file = machine.folder("XDG_CONFIG_HOME", ".config") / "zed/settings.json"
    found = (Setting(path=path, value=provider), *used)
    return (Target(file=file, form="json", settings=found),)


ZED = Client(
    name="zed",
    program="zed",
    targets=targets,
    said="export ROLECALL_API_KEY (the gateway's token, or any word) before it starts",
)
