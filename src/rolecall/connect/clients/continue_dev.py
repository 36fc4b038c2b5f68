"""Continue, in editors and as `cn`. Source: npm @continuedev/cli 1.5, read 2026-11-24.

Its autocomplete asks Mistral's endpoint for text before a suffix, which rolecall serves.
"""

from __future__ import annotations

from rolecall.config.machine import Machine
from rolecall.connect.client import KEY, Bond, Client, Setting, Target, Value


def _model(bond: Bond, role: str, uses: list[Value], provider: str = "openai") -> Setting:
    key = KEY if bond.token_env is None else f"${{{{ secrets.{bond.token_env} }}}}"
    value: dict[str, Value] = {
        "name": f"rolecall {role}",
        "provider": provider,
        "model": f"rolecall/{role}",
        "apiBase": bond.openai,
        "apiKey": key,
        "roles": uses,
    }
    return Setting(path=("models",), value=value, named="name")


def targets(machine: Machine, bond: Bond) -> tuple[Target, ...]:
    settings = (
        Setting(path=("name",), value="rolecall", missing=True),
        Setting(path=("version",), value="1.0.0", missing=True),
        Setting(path=("schema",), value="v1", missing=True),
        _model(bond, "auto", ["chat"]),
        _model(bond, "plan", ["chat"]),
        _model(bond, "code", ["edit", "apply"]),
        _model(bond, "fast", ["autocomplete", "summarize"], "mistral"),
    )
    folder = machine.folder("CONTINUE_GLOBAL_DIR", ".continue")
    return (Target(file=folder / "config.yaml", form="yaml", settings=settings),)


CONTINUE = Client(
    name="continue",
    program="cn",
    targets=targets,
    said="choose `rolecall auto` in its list of models; autocomplete plays rolecall/fast",
)
