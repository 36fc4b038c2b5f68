"""Mistral Vibe. Source: PyPI mistral-vibe 3.0, read 2026-11-24."""

from __future__ import annotations

import json

from rolecall.config.machine import Machine
from rolecall.connect.client import Bond, Client, Setting, Start, Target, Value

_MAIN, _FAST = "rolecall", "rolecall-fast"


def _provider(bond: Bond) -> dict[str, Value]:
    return {
        "name": "rolecall",
        "api_base": bond.openai,
        "api_key_env_var": bond.token_env or "",
        "api_style": "openai",
        "backend": "generic",
    }


def _model(name: str, alias: str) -> dict[str, Value]:
    return {"name": name, "provider": "rolecall", "alias": alias}


_MODELS = (
    _model("rolecall/auto", _MAIN),
    _model("rolecall/fast", _FAST),
    _model("rolecall/plan", "rolecall-plan"),
    _model("rolecall/local", "rolecall-local"),
)
_UTILITY = {"title": _FAST, "smart_approve": _FAST}


def targets(machine: Machine, bond: Bond) -> tuple[Target, ...]:
    models = (Setting(path=("models",), value=model, named="alias") for model in _MODELS)
    utility = (
        Setting(path=("utility_models", key), value=alias) for key, alias in _UTILITY.items()
    )
    return (
        Target(
            file=machine.folder("VIBE_HOME", ".vibe") / "config.toml",
            form="toml",
            settings=(
                Setting(path=("active_model",), value=_MAIN),
                *utility,
                Setting(path=("providers",), value=_provider(bond), named="name"),
                *models,
            ),
        ),
    )


def start(bond: Bond) -> Start:
    return Start(
        environ={
            "VIBE_ACTIVE_MODEL": _MAIN,
            "VIBE_PROVIDERS": json.dumps([_provider(bond)]),
            "VIBE_MODELS": json.dumps(_MODELS),
            "VIBE_UTILITY_MODELS": json.dumps(_UTILITY),
        }
    )


VIBE = Client(
    name="vibe",
    program="vibe",
    targets=targets,
    start=start,
    said="`/model` offers rolecall, rolecall-plan, rolecall-fast and rolecall-local",
)
