"""Gemini CLI. Source: npm @google/gemini-cli 0.61.0, read and run 2026-11-24.

With an address alone it chooses a sign-in that it then refuses, so the sign-in by key is named too.
It reads that from a file only, and so it cannot be connected for one run.
"""

from __future__ import annotations

from rolecall.connect.client import KEY, Bond, Client, Machine, Setting, Target


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
    key = KEY if bond.token_env is None else f"${{{bond.token_env}}}"
    variables = {"GOOGLE_GEMINI_BASE_URL": bond.root, "GEMINI_API_KEY": key}
    found = tuple(Setting(path=(name,), value=value) for name, value in variables.items())
    return (settings, Target(file=folder / ".env", form="env", settings=found))


GEMINI_CLI = Client(
    name="gemini-cli",
    program="gemini",
    targets=targets,
    said="plan mode and sub-agents are recognised; `gemini -m rolecall/plan` names a role",
)
