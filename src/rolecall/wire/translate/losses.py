"""What a translation cannot carry: noted, or refused.

Notes and refusals are recorded with the decision. Of what a client sent they quote only words that
look like an API's own: no text of a conversation comes into the ledger with them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from rolecall.errors import BodyError
from rolecall.types import Dialect

FOREIGN_THOUGHT = "reasoning of another model is left out: only its maker can read it"
OWN_CACHE = "cache marks are left out: the provider caches by itself"
SYSTEM_IN_TEXT = "<system-message>\n{}\n</system-message>"
"""How a system message in mid-conversation is told where system messages stand at the beginning
only: chat templates of many open models raise an error otherwise."""


_SILENT: tuple[object, ...] = (None, [], {}, ())
"""Values that ask for nothing."""


_MOST = 20
"""Notes of one request; a body may hold any number of strange keys."""
_WORD = re.compile(r"[a-z][A-Za-z0-9_.]{0,39}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def word(value: object) -> str:
    """A type, a role or a key, as an API names them; anything else is not quoted."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else "(not an API's word)"


def name_of(call_id: str) -> str:
    """The id of a call, where it looks like one."""
    return call_id if _ID.fullmatch(call_id) else "(not an id)"


class Refused(BodyError):
    """A request that says nothing true any more in the other dialect."""


class Losses:
    """Notes of what is left out, each once, in the order they were met."""

    def __init__(self) -> None:
        self._says: dict[str, None] = {}

    def add(self, says: str) -> None:
        self._says.setdefault(says)

    def unknown(self, place: str, found: Mapping[str, Any], known: Collection[str]) -> None:
        """Note the keys that say something and that this translation does not know."""
        for key, value in found.items():
            if key not in known and value not in _SILENT:
                self.add(f"{place}{word(key)} is not known here and is left out")

    def unsaid(self, dialect: Dialect, **settings: object) -> None:
        """Note settings for which the dialect has no word."""
        for name, value in settings.items():
            if value not in _SILENT:
                self.add(f"{name} has no equivalent in {dialect}")

    @property
    def says(self) -> tuple[str, ...]:
        return tuple(self._says)

    @property
    def brief(self) -> tuple[str, ...]:
        """The first of them, and how many more there are."""
        found = self.says
        more = len(found) - _MOST
        return found if more <= 0 else (*found[:_MOST], f"and {more} more")
