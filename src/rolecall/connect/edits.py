"""Settings written into a text by their keys, and taken out again; everything else stays."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from rolecall.connect.client import Broken, Form, Setting, Target
from rolecall.connect.forms import env, jsonc, text, toml, yaml
from rolecall.errors import ConfigError


class _Verbs(Struct, frozen=True):
    put: Callable[[str, tuple[Setting, ...]], str]
    take: Callable[[str, str, tuple[Setting, ...]], str]


_FORMS: dict[Form, _Verbs] = {
    "toml": _Verbs(toml.put, toml.take),
    "json": _Verbs(jsonc.put, jsonc.take),
    "yaml": _Verbs(yaml.put, yaml.take),
    "env": _Verbs(env.put, env.take),
    "text": _Verbs(text.put, text.take),
}


def edited(before: str, target: Target) -> str:
    """The text with all settings of the target. Raises `ConfigError` with file and line."""
    return _tried(target, lambda: _FORMS[target.form].put(before, target.settings))


def undone(now: str, before: str | None, target: Target) -> str | None:
    """The text with the values of `before` at our keys; None where nothing else is left.

    Raises `ConfigError` where it cannot be read.
    """
    left = _tried(target, lambda: _FORMS[target.form].take(now, before or "", target.settings))
    return None if before is None and left.strip() in ("", "{}") else left


def _tried(target: Target, change: Callable[[], str]) -> str:
    try:
        return change()
    except Broken as problem:
        raise ConfigError(f"{target.file}: {problem}; mend it, nothing was written") from problem
