"""Claude Code. Source: npm @anthropic-ai/claude-code 2.1.197, read 2026-11-24."""

from __future__ import annotations

from rolecall.config.machine import Machine
from rolecall.connect.client import KEY, Bond, Client, Setting, Start, Target


def _environ(bond: Bond) -> dict[str, str]:
    """Its own variables. The main model is recognised by its work; plan mode asks for planning."""
    return {
        "ANTHROPIC_BASE_URL": bond.root,
        "ANTHROPIC_MODEL": "rolecall/auto",
        "ANTHROPIC_DEFAULT_OPUS_MODEL": "rolecall/plan",
        "ANTHROPIC_DEFAULT_SONNET_MODEL": "rolecall/auto",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": "rolecall/fast",
        "CLAUDE_CODE_SUBAGENT_MODEL": "rolecall/fast",
    }


def targets(machine: Machine, bond: Bond) -> tuple[Target, ...]:
    folder = machine.folder("CLAUDE_CONFIG_DIR", ".claude")
    variables = {**_environ(bond), **_key(bond)}
    found = [Setting(path=("env", name), value=value) for name, value in variables.items()]
    if bond.token_env is not None:
        helper = f'printenv "{bond.token_env}"'
        found.append(Setting(path=("apiKeyHelper",), value=helper))
    return (Target(file=folder / "settings.json", form="json", settings=tuple(found)),)


def _key(bond: Bond) -> dict[str, str]:
    return {} if bond.token_env is not None else {"ANTHROPIC_AUTH_TOKEN": KEY}


def start(bond: Bond) -> Start:
    return Start(environ={**_environ(bond), **_key(bond)})


CLAUDE_CODE = Client(
    name="claude-code",
    program="claude",
    targets=targets,
    start=start,
    said="`/model` offers opus (rolecall/plan), sonnet (rolecall/auto) and haiku (rolecall/fast)",
)
