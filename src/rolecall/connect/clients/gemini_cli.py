"""Gemini CLI. Source: npm @google/gemini-cli 0.61.0, read and run 2026-11-24.

With an address alone it chooses a sign-in that it then refuses, so the sign-in by key is named too.
It reads that from a file only, and so it cannot be connected for one run. Variables within its
`.env` are not expanded: with a token the person exports GEMINI_API_KEY.
"""

from __future__ import annotations

from rolecall.config.machine import Machine
from rolecall.connect.client import KEY, Bond, Client, Setting, Target


def targets(machine: Machine, bond: Bond) -> tuple[Target, ...]:
    """Its settings, and the variables that it reads from a file beside them."""
    folder = machine.folder("GEMINI_CLI_HOME", "") / ".gemini"
    settings = Target(
        file=folder / "settings.json",
        form="json",
        settings=(
            Setting(path=("security", "auth", "selectedType"), value="gemini-api-key"),
            Setting(path=("model", "name"), value="rolecall/auto"),
        ),
    )
    variables = {"GOOGLE_GEMINI_BASE_URL": bond.root}
    if bond.token_env is None:
        variables["GEMINI_API_KEY"] = KEY
    found = tuple(Setting(path=(name,), value=value) for name, value in variables.items())
    return (settings, Target(file=folder / ".env", form="env", settings=found))


GEMINI_CLI = Client(
    name="gemini-cli",
    program="gemini",
    targets=targets,
    said=(
        "`gemini -m rolecall/plan` names a role; where the gateway asks for a token, "
        "export GEMINI_API_KEY with it"
    ),
)
