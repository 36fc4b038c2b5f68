"""Roo Code in VS Code. Source: npm @roo-code/types 1.115, by which the file is valid, 2026-11-24.

It keeps its profiles in the editor's secret storage, and imports them at each start from the file
that a setting names. Its last release was in 2026; forks read the same.
"""

from __future__ import annotations

from rolecall.config.machine import Machine
from rolecall.connect.client import KEY, Bond, Client, Setting, Target, Value

_MODES = {
    "architect": "plan",
    "code": "auto",
    "debug": "auto",
    "ask": "auto",
    "orchestrator": "plan",
}
_ROLES = ("auto", "plan", "fast")


def targets(machine: Machine, bond: Bond) -> tuple[Target, ...]:
    """The file to import, and the setting that names it. Planning is what its architect does."""
    file = machine.home / ".roo" / "rolecall.json"
    profiles: dict[str, Value] = {f"rolecall {role}": _profile(bond, role) for role in _ROLES}
    modes: dict[str, Value] = {mode: f"rolecall-{role}" for mode, role in _MODES.items()}
    content = Target(
        file=file,
        form="json",
        settings=(
            Setting(path=("providerProfiles", "currentApiConfigName"), value="rolecall auto"),
            Setting(path=("providerProfiles", "apiConfigs"), value=profiles),
            Setting(path=("providerProfiles", "modeApiConfigs"), value=modes),
            Setting(path=("globalSettings", "currentApiConfigName"), value="rolecall auto"),
        ),
    )
    named = Setting(path=("roo-cline.autoImportSettingsPath",), value=str(file))
    editor = machine.config() / "Code/User/settings.json"
    return (content, Target(file=editor, form="json", settings=(named,)))


def _profile(bond: Bond, role: str) -> dict[str, Value]:
    return {
        "id": f"rolecall-{role}",
        "apiProvider": "openai",
        "openAiBaseUrl": bond.openai,
        "openAiApiKey": KEY,
        "openAiModelId": f"rolecall/{role}",
    }


ROO = Client(
    name="roo",
    program="code",
    targets=targets,
    said="reload the editor's window; a token goes into Roo's own settings by hand",
)
