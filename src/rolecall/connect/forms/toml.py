"""TOML, by tomlkit: comments and order stay."""

from __future__ import annotations

from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from rolecall.connect.client import Broken, Setting
from rolecall.connect.forms import tree


def put(text: str, settings: tuple[Setting, ...]) -> str:
    document = _parsed(text)
    for setting in settings:
        tree.put(document, setting, _make)
    return tomlkit.dumps(document)


def take(text: str, before: str, settings: tuple[Setting, ...]) -> str:
    now, then = _parsed(text), _parsed(before)
    for setting in settings:
        tree.take(now, then, setting)
    return tomlkit.dumps(now)


def _parsed(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as problem:
        raise Broken(str(problem)) from problem


def _make(value: Any) -> Any:
    match value:
        case {}:
            table = tomlkit.table(is_super_table=not value)
            table.update(value)
            return table
        case [] if not value:
            return tomlkit.aot()
        case _:
            return value
