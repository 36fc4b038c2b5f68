"""Settings in a document of tables and lists, whatever it was read from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rolecall.connect.client import Setting

Make = Callable[[Any], Any]
"""A value of one's own document from a plain one: a dict becomes a table, a list a list."""


def put(document: Any, setting: Setting, make: Make) -> None:
    place = document
    for key in setting.path[:-1]:
        place = place.setdefault(key, make({}))
    key = setting.path[-1]
    if setting.named is not None:
        _put_entry(place, setting, make)
    elif not (setting.missing and key in place) and plain(place.get(key)) != setting.value:
        place[key] = make(setting.value)


def _put_entry(place: Any, setting: Setting, make: Make) -> None:
    """An entry of a list, in place of the one that goes by the same name."""
    if not place.get(setting.path[-1]):
        place[setting.path[-1]] = make([])
    entries = place[setting.path[-1]]
    for at, entry in enumerate(entries):
        if _name(entry, setting) == _name(setting.value, setting):
            if plain(entry) != setting.value:
                entries[at] = make(setting.value)
            return
    entries.append(make(setting.value))


def take(now: Any, then: Any, setting: Setting) -> None:
    """The value of before, or none; tables and lists that are left empty go, too."""
    key, rest = setting.path[0], setting.path[1:]
    if key not in now:
        return
    if rest:
        inner = Setting(path=rest, value=setting.value, named=setting.named)
        take(now[key], (then.get(key) or {}), inner)
    elif setting.named is not None:
        _take_entry(now[key], then.get(key) or (), setting)
    elif key in then:
        now[key] = then[key]
    else:
        del now[key]
    if key in now and key not in then and not now[key] and now[key] is not False:
        del now[key]


def _take_entry(entries: Any, before: Any, setting: Setting) -> None:
    name = _name(setting.value, setting)
    was = next((one for one in before if _name(one, setting) == name), None)
    for at in range(len(entries) - 1, -1, -1):
        if _name(entries[at], setting) == name:
            if was is None:
                del entries[at]
            else:
                entries[at] = was


def _name(entry: Any, setting: Setting) -> Any:
    return entry.get(setting.named) if hasattr(entry, "get") else None


def plain(value: Any) -> Any:
    """A value of a document as one that it can be compared with."""
    if hasattr(value, "unwrap"):
        return value.unwrap()
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value
