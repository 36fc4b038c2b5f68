"""llm. Source: PyPI llm 0.36, default_plugins/openai_models.py, read 2026-11-24."""

from __future__ import annotations

from rolecall.config.machine import Machine
from rolecall.connect.client import Bond, Client, Setting, Target, Value

_ROLES = ("auto", "plan", "review", "code", "fast", "local")


def targets(machine: Machine, bond: Bond) -> tuple[Target, ...]:
    """Its list of further models, and the one that is asked where none is named."""
    given = machine.environ.get("LLM_USER_PATH", "")
    folder = machine.folder("LLM_USER_PATH", "") if given else machine.config() / "io.datasette.llm"
    models = (Setting(path=("",), value=_model(bond, role), named="model_id") for role in _ROLES)
    return (
        Target(file=folder / "extra-openai-models.yaml", form="yaml", settings=tuple(models)),
        Target(
            file=folder / "default_model.txt",
            form="text",
            settings=(Setting(path=("",), value="rolecall/auto"),),
        ),
    )


def _model(bond: Bond, role: str) -> dict[str, Value]:
    key: dict[str, Value] = {} if bond.token_env is None else {"api_key_name": "rolecall"}
    return {
        "model_id": f"rolecall/{role}",
        "model_name": f"rolecall/{role}",
        "api_base": bond.openai,
        "supports_tools": True,
        "supports_schema": True,
        "vision": True,
        **key,
    }


LLM = Client(
    name="llm",
    program="llm",
    targets=targets,
    said="`llm -m rolecall/fast` names a role; with a token, `llm keys set rolecall` keeps it",
)
