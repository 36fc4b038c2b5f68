"""Change one value of a JSON text and nothing else: comments, order and spaces stay.

Comments and commas at the end are read as VS Code's "JSON with comments" has them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from msgspec import Struct

from rolecall.connect.client import Value

_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BARE = re.compile(r"[^\s,\]}/]+")
_INDENT = "  "


class Broken(ValueError):
    """A text that is no JSON; `line` counts from 1."""

    def __init__(self, text: str, at: int) -> None:
        self.line = text.count("\n", 0, at) + 1
        super().__init__(f"line {self.line} is not valid JSON")


class _Member(Struct, frozen=True):
    key: str
    start: int
    value: int
    end: int


def put(text: str, path: tuple[str, ...], value: Value) -> str:
    """The text with `value` at `path`; objects on the way are made where they are missing."""
    if not text.strip():
        text = "{}\n"
    at, depth = _skip(text, 1 if text.startswith("\ufeff") else 0), 0
    for depth, key in enumerate(path):
        found = next((one for one in _members(text, at) if one.key == key), None)
        if found is None:
            inner = _nested(path[depth + 1 :], value)
            return _inserted(text, at, key, inner, depth)
        if depth == len(path) - 1:
            return text[: found.value] + _written(value, depth + 1) + text[found.end :]
        at = found.value
        if text[at : at + 1] != "{":
            inner = _nested(path[depth + 1 :], value)
            return text[:at] + _written(inner, depth + 1) + text[found.end :]
    return text


def _nested(path: tuple[str, ...], value: Value) -> Value:
    for key in reversed(path):
        value = {key: value}
    return value


def _written(value: Value, depth: int) -> str:
    lines = json.dumps(value, indent=len(_INDENT), ensure_ascii=False).split("\n")
    return ("\n" + _INDENT * depth).join(lines)


def _inserted(text: str, at: int, key: str, value: Value, depth: int) -> str:
    """A member more, after the last one."""
    members = list(_members(text, at))
    line = f"\n{_INDENT * (depth + 1)}{json.dumps(key)}: {_written(value, depth + 1)}"
    if not members:
        end = _skip(text, at + 1)
        return f"{text[: at + 1]}{text[at + 1 : end].rstrip()}{line}\n{_INDENT * depth}{text[end:]}"
    end = members[-1].end
    return f"{text[:end]},{line}{text[end:]}"


def _members(text: str, at: int) -> Iterator[_Member]:
    """Keys and values of the object that begins at `at`. Raises `Broken`."""
    if text[at : at + 1] != "{":
        raise Broken(text, at)
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        key = _TEXT.match(text, at)
        colon = _skip(text, key.end()) if key else at
        if key is None or text[colon : colon + 1] != ":":
            raise Broken(text, at)
        value = _skip(text, colon + 1)
        end = _end(text, value)
        yield _Member(json.loads(key.group()), at, value, end)
        at = _after(text, end, "}")


def _after(text: str, at: int, close: str) -> int:
    """The next entry, or the end."""
    at = _skip(text, at)
    if text[at : at + 1] == ",":
        return _skip(text, at + 1)
    if text[at : at + 1] != close:
        raise Broken(text, at)
    return at


def _end(text: str, at: int) -> int:
    """Where a value ends."""
    if text[at : at + 1] == "{":
        last = at
        for member in _members(text, at):
            last = member.end
        return _closing(text, last if last > at else at + 1, "}")
    if text[at : at + 1] == "[":
        inner = _skip(text, at + 1)
        while text[inner : inner + 1] != "]":
            inner = _after(text, _end(text, inner), "]")
        return inner + 1
    found = _TEXT.match(text, at) or _BARE.match(text, at)
    if found is None:
        raise Broken(text, at)
    return found.end()


def _closing(text: str, at: int, close: str) -> int:
    at = _skip(text, at)
    at = _skip(text, at + 1) if text[at : at + 1] == "," else at
    if text[at : at + 1] != close:
        raise Broken(text, at)
    return at + 1


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def raw(text: str, path: tuple[str, ...]) -> str | None:
    """The value at `path` as it is written there."""
    at, found = _skip(text, 0), None
    for key in path:
        if text[at : at + 1] != "{":
            return None
        found = next((one for one in _members(text, at) if one.key == key), None)
        if found is None:
            return None
        at = found.value
    return None if found is None else text[found.value : found.end]


def replaced(text: str, path: tuple[str, ...], written: str) -> str:
    """The text with `written` as the value at a path that is there."""
    at = _skip(text, 0)
    for key in path[:-1]:
        at = next(one.value for one in _members(text, at) if one.key == key)
    found = next(one for one in _members(text, at) if one.key == path[-1])
    return text[: found.value] + written + text[found.end :]


def dropped(text: str, path: tuple[str, ...]) -> str:
    """The text without the member at `path`, and without the objects that held nothing else."""
    at = _skip(text, 0)
    for key in path[:-1]:
        at = next(one.value for one in _members(text, at) if one.key == key)
    members = list(_members(text, at))
    place = next(n for n, one in enumerate(members) if one.key == path[-1])
    if len(members) == 1 and len(path) > 1:
        return dropped(text, path[:-1])
    if place > 0:
        return text[: members[place - 1].end] + text[members[place].end :]
    end = members[1].start if len(members) > 1 else _skip(text, members[0].end)
    return text[: members[0].start] + text[end:]
