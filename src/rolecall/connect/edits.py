"""Settings written into a text by their keys; everything else stays as it was."""

from __future__ import annotations

import json
import re
from typing import Any, assert_never

import tomlkit
from tomlkit.exceptions import TOMLKitError

from rolecall.connect import jsonc
from rolecall.connect.client import Setting, Target
from rolecall.errors import ConfigError


def edited(text: str, target: Target) -> str:
    """The text with all settings of the target. Raises `ConfigError` with file and line."""
    try:
        match target.form:
            case "toml":
                return _toml(text, target.settings)
            case "json":
                for setting in target.settings:
                    text = jsonc.put(text, setting.path, setting.value)
                return text if text.endswith("\n") else text + "\n"
            case "yaml":
                for setting in target.settings:
                    text = _yaml_line(text, setting)
                return text
            case _:
                assert_never(target.form)
    except (TOMLKitError, jsonc.Broken) as problem:
        says = f"{target.file}: {problem}; mend it, nothing was written"
        raise ConfigError(says) from problem


def _toml(text: str, settings: tuple[Setting, ...]) -> str:
    document = tomlkit.parse(text)
    for setting in settings:
        place: Any = document
        for key in setting.path[:-1]:
            place = place.setdefault(key, tomlkit.table(is_super_table=True))
        if setting.named is None:
            place[setting.path[-1]] = setting.value
        else:
            _entry(place, setting)
    return tomlkit.dumps(document)


def _entry(place: Any, setting: Setting) -> None:
    """An entry of an array of tables, in place of the one that goes by the same name."""
    assert isinstance(setting.value, dict)  # noqa: S101 (an entry is a table)
    entries = place.setdefault(setting.path[-1], tomlkit.aot())
    table = tomlkit.table()
    table.update(setting.value)
    for at, entry in enumerate(entries):
        if entry.get(setting.named) == setting.value[setting.named or ""]:
            if entry.unwrap() != setting.value:
                entries[at] = table
            return
    entries.append(table)


def _yaml_line(text: str, setting: Setting) -> str:
    """A key at the top of a YAML text, with a text as its value."""
    (key,) = setting.path
    line = f"{key}: {json.dumps(setting.value)}"
    there = re.compile(rf"^{re.escape(key)}\s*:.*$", re.MULTILINE)
    if there.search(text):
        return there.sub(lambda _: line, text, count=1)
    gap = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{gap}{line}\n"
