"""mini-swe-agent. Source: PyPI mini-swe-agent 2.4.6, read 2026-11-24.

It knows no price of a role, and would stop at its first answer unless told to go on; rolecall
counts what each call costs.
"""

from __future__ import annotations

from rolecall.config.machine import Machine
from rolecall.connect.client import KEY, Bond, Client, Setting, Start, Target


def _environ(bond: Bond) -> dict[str, str]:
    return {
        "MSWEA_MODEL_NAME": "openai/rolecall/auto",
        "MSWEA_COST_TRACKING": "ignore_errors",
        "MSWEA_CONFIGURED": "true",
        "OPENAI_API_BASE": bond.openai,
        **({} if bond.token_env is not None else {"OPENAI_API_KEY": KEY}),
    }


def targets(machine: Machine, bond: Bond) -> tuple[Target, ...]:
    """Variables that it reads at its start. With a token the person exports OPENAI_API_KEY."""
    given = machine.environ.get("MSWEA_GLOBAL_CONFIG_DIR", "")
    folder = machine.folder("MSWEA_GLOBAL_CONFIG_DIR", "") if given else machine.config()
    file = (folder if given else folder / "mini-swe-agent") / ".env"
    found = tuple(Setting(path=(key,), value=value) for key, value in _environ(bond).items())
    return (Target(file=file, form="env", settings=found),)


MINI_SWE_AGENT = Client(
    name="mini-swe-agent",
    program="mini",
    targets=targets,
    start=lambda bond: Start(environ=_environ(bond)),
    said="`mini -m openai/rolecall/plan` names a role",
)
