"""How the course of a conversation is read: the patterns of `trajectory.toml`, compiled."""

from __future__ import annotations

import re
from importlib import resources
from typing import Literal

import msgspec
from msgspec import Struct

ToolSort = Literal["read", "search", "edit", "run", "steer"]
_PARTS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_STRONGEST_FIRST: tuple[ToolSort, ...] = ("run", "edit", "search", "read")
_MOST_NAMES = 5_000


class CourseFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The form of `trajectory.toml`, which says what each part means."""

    tools: dict[ToolSort, tuple[str, ...]]
    parts: dict[ToolSort, tuple[str, ...]]
    texts: dict[str, str]
    phrases: dict[str, tuple[str, ...]]


class Course:
    """What tools do and what texts mean. Remembers the names of tools it has been asked about."""

    def __init__(self, file: CourseFile) -> None:
        self._whole = {name: sort for sort, names in file.tools.items() for name in names}
        self._parts = {name: sort for sort, names in file.parts.items() for name in names}
        self._met: dict[str, ToolSort] = {}
        self._toolsets: dict[tuple[str, ...], bool] = {}
        self._test_run = re.compile(file.texts["test_run"])
        self._test_words = file.phrases["test_words"]
        self._compacted = file.phrases["compacted"]
        self.failed = re.compile(file.texts["failed"], re.MULTILINE)
        self.passed = re.compile(file.texts["passed"], re.MULTILINE)
        self.failure = re.compile(file.texts["failure"], re.MULTILINE)
        self.edit_failed = re.compile(file.texts["edit_failed"], re.IGNORECASE)
        self.pushback = re.compile(file.texts["pushback"], re.IGNORECASE)

    def runs_tests(self, command: str) -> bool:
        """Whether a command runs tests."""
        hinted = any(word in command for word in self._test_words)
        return hinted and self._test_run.search(command) is not None

    def is_summary(self, text: str) -> bool:
        """Whether a text is the summary that a conversation goes on from."""
        return any(phrase in text for phrase in self._compacted)

    def sort_of(self, name: str) -> ToolSort:
        """What a tool does, by its name."""
        found = self._met.get(name)
        if found is None:
            if len(self._met) >= _MOST_NAMES:
                self._met.clear()
            found = self._met[name] = self._sorted(name)
        return found

    def _sorted(self, name: str) -> ToolSort:
        whole = self._whole.get(name.lower())
        if whole is not None:
            return whole
        told = {self._parts.get(part.lower()) for part in _PARTS.findall(name)}
        return next((sort for sort in _STRONGEST_FIRST if sort in told), "run")

    def only_reads(self, tools: tuple[str, ...]) -> bool:
        """Tools are offered, and none of them writes or runs anything."""
        found = self._toolsets.get(tools)
        if found is None:
            if len(self._toolsets) >= _MOST_NAMES:
                self._toolsets.clear()
            sorts = {self.sort_of(name) for name in tools}
            found = bool(sorts & {"read", "search"}) and not sorts & {"edit", "run"}
            self._toolsets[tools] = found
        return found


def load_course() -> Course:
    """The patterns that ship with rolecall."""
    text = resources.files("rolecall.routing").joinpath("trajectory.toml").read_bytes()
    return Course(msgspec.toml.decode(text, type=CourseFile))
