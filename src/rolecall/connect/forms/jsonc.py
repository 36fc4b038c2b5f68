"""Change one value of a JSON text and nothing else: comments, order and spaces stay.

Comments and commas at the end are read as VS Code's "JSON with comments" has them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from msgspec import Struct

from rolecall.connect.client import Broken, Setting, Value

_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BARE = re.compile(r"[^\s,\]}/]+")
_INDENT = "  "


class NoJson(Broken):
    """A text that is no JSON; `line` counts from 1."""

    def __init__(self, text: str, at: int) -> None:
        self.line = text.count("\n", 0, at) + 1
        super().__init__(f"line {self.line} is not valid JSON")


class _Member(Struct, frozen=True):
    key: str
    start: int
    value: int
    end: int


def put(text: str, settings: tuple[Setting, ...]) -> str:
    for setting in settings:
        if not (setting.missing and _find(text, setting.path) is not None):
            text = _put(text, setting.path, setting.value)
    return text if text.endswith("\n") else text + "\n"


def take(text: str, before: str, settings: tuple[Setting, ...]) -> str:
    for setting in settings:
        was, now = _find(before or "{}", setting.path), _find(text, setting.path)
        if now is None:
            continue
        if was is None:
            text = _dropped(text, setting.path)
        else:
            text = text[: now.value] + (before or "{}")[was.value : was.end] + text[now.end :]
    return text


def _put(text: str, path: tuple[str, ...], value: Value) -> str:
    """The text with `value` at `path`; objects on the way are made where they are missing."""
    if not text.strip("\ufeff \t\r\n"):
        text = "{}\n"
    for depth in range(len(path), 0, -1):
        inner, found = _nested(path[depth:], value), _find(text, path[:depth])
        if found is not None:
            return text[: found.value] + _written(inner, depth) + text[found.end :]
        outer = _begin(text) if depth == 1 else _value(text, path[: depth - 1])
        if outer is not None and text[outer : outer + 1] == "{":
            return _inserted(text, outer, path[depth - 1], inner, depth - 1)
    raise NoJson(text, _begin(text))


def _begin(text: str) -> int:
    """Where the document begins, after a byte-order mark."""
    return _skip(text, 1 if text.startswith("\ufeff") else 0)


def _value(text: str, path: tuple[str, ...]) -> int | None:
    found = _find(text, path)
    return None if found is None else found.value


def _find(text: str, path: tuple[str, ...]) -> _Member | None:
    """The member at a path of keys; None where there is none. Raises `NoJson`."""
    at, found = _begin(text), None
    for key in path:
        if found is not None and text[at : at + 1] != "{":
            return None
        found = next((one for one in _members(text, at) if one.key == key), None)
        if found is None:
            return None
        at = found.value
    return found


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
    """Keys and values of the object that begins at `at`. Raises `NoJson`."""
    if text[at : at + 1] != "{":
        raise NoJson(text, at)
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        key = _TEXT.match(text, at)
        colon = _skip(text, key.end()) if key else at
        if key is None or text[colon : colon + 1] != ":":
            raise NoJson(text, at)
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
        raise NoJson(text, at)
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
        raise NoJson(text, at)
    return found.end()


def _closing(text: str, at: int, close: str) -> int:
    at = _skip(text, at)
    at = _skip(text, at + 1) if text[at : at + 1] == "," else at
    if text[at : at + 1] != close:
        raise NoJson(text, at)
    return at + 1


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _dropped(text: str, path: tuple[str, ...]) -> str:
    """The text without the member at `path`, and without the objects that held nothing else."""
    at = _begin(text) if len(path) == 1 else _value(text, path[:-1])
    assert at is not None  # noqa: S101 (the member is there)
    members = list(_members(text, at))
    place = next(n for n, one in enumerate(members) if one.key == path[-1])
    if len(members) == 1 and len(path) > 1:
        return _dropped(text, path[:-1])
    if place > 0:
        return text[: members[place - 1].end] + text[members[place].end :]
    end = members[1].start if len(members) > 1 else _skip(text, members[0].end)
    return text[: members[0].start] + text[end:]
