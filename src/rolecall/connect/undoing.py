"""Take settings out of a text that somebody has edited since: only what is ours is put back."""

from __future__ import annotations

import re
from typing import Any, assert_never

import tomlkit
from tomlkit.exceptions import TOMLKitError

from rolecall.connect import jsonc
from rolecall.connect.client import Setting, Target
from rolecall.errors import ConfigError


def undone(text: str, before: str | None, target: Target) -> str | None:
    """The text with the values of `before` at our keys; None where nothing else is left.

    Raises `ConfigError` where it cannot be read.
    """
    old = before or ""
    try:
        match target.form:
            case "toml":
                left = _toml(text, old, target.settings)
            case "json":
                left = _json(text, old or "{}", target.settings)
            case "yaml":
                left = _yaml(text, old, target.settings)
            case _:
                assert_never(target.form)
    except (TOMLKitError, jsonc.Broken) as problem:
        raise ConfigError(f"{target.file}: {problem}; mend it, nothing was written") from problem
    is_empty = before is None and left.strip() in ("", "{}")
    return None if is_empty else left


def _json(text: str, old: str, settings: tuple[Setting, ...]) -> str:
    for setting in settings:
        was = jsonc.raw(old, setting.path)
        if jsonc.raw(text, setting.path) is None:
            continue
        if was is None:
            text = jsonc.dropped(text, setting.path)
        else:
            text = jsonc.replaced(text, setting.path, was)
    return text


def _toml(text: str, old: str, settings: tuple[Setting, ...]) -> str:
    now, then = tomlkit.parse(text), tomlkit.parse(old)
    for setting in settings:
        if setting.named is not None:
            _entry(now, then, setting)
        else:
            _value(now, then, setting.path)
    return tomlkit.dumps(now)


def _value(now: Any, then: Any, path: tuple[str, ...]) -> None:
    """The old value, or none; a table that is left empty goes, too."""
    key = path[0]
    if key not in now:
        return
    if len(path) > 1:
        _value(now[key], then.get(key, {}), path[1:])
        if not now[key] and key not in then:
            del now[key]
    elif key in then:
        now[key] = then[key]
    else:
        del now[key]


def _entry(now: Any, then: Any, setting: Setting) -> None:
    assert isinstance(setting.value, dict)  # noqa: S101 (an entry is a table)
    key, named = setting.path[-1], setting.named or ""
    name = setting.value[named]
    was = next((one for one in then.get(key, ()) if one.get(named) == name), None)
    entries = now.get(key, ())
    for at in range(len(entries) - 1, -1, -1):
        if entries[at].get(named) == name:
            if was is None:
                del entries[at]
            else:
                entries[at] = was
    if key in now and not now[key]:
        del now[key]


def _yaml(text: str, old: str, settings: tuple[Setting, ...]) -> str:
    for setting in settings:
        there = re.compile(rf"^{re.escape(setting.path[0])}\s*:.*(?:\n|\Z)", re.MULTILINE)
        was = there.search(old)
        now = there.search(text)
        if now is not None:
            line = "" if was is None else was.group()
            text = text[: now.start()] + line + text[now.end() :]
    return text
