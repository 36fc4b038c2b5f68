"""The rules of privacy, applied: the first that holds says where a request may go."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec
import re2
from msgspec import Struct

from rolecall.privacy import globs
from rolecall.types import Limit, Otherwise, PrivacyRule, Rules, Workspace

if TYPE_CHECKING:
    from rolecall.privacy.secrets import SecretScanner

HOME = ("local",)
_EVERYWHERE = "any"
_FOLDER = re2.compile(
    rb"(?i)(?:<cwd>|working directory:?|current directory:?|workspace root(?: folder)?:?)"
    rb"[\s*`'\"]*((?:/|[A-Za-z]:\\)[^\s<>`'\"]*)"
)
"""How clients state where they work: Codex in `<cwd>`, others as `Working directory: PATH`."""


class Found(Struct, frozen=True, kw_only=True):
    """What the contents of a request hold. `marks` are places in a policy's list of patterns."""

    secrets: frozenset[str] = frozenset()
    marks: frozenset[int] = frozenset()
    folders: frozenset[str] = frozenset()

    def __or__(self, other: Found) -> Found:
        return Found(
            secrets=self.secrets | other.secrets,
            marks=self.marks | other.marks,
            folders=self.folders | other.folders,
        )


NOTHING = Found()


class Circumstances(Struct, frozen=True, kw_only=True):
    """What is known of a request beside its contents."""

    workspace: str | None = None
    person: str | None = None


class _Mark(Struct, frozen=True):
    """A pattern of a rule, and how it is spoken of."""

    rule: str
    key: str
    says: str
    pattern: str
    search: re2._Regexp


class Sighting(Struct, frozen=True):
    """What is found from one byte offset of a text to another."""

    start: int
    end: int
    found: Found


class Place(Struct, frozen=True):
    """A line and a column, from 1, and what is there."""

    line: int
    column: int
    what: str


def _place(data: bytes, start: int, what: str) -> Place:
    begins = data.rfind(b"\n", 0, start) + 1
    column = len(data[begins:start].decode("utf-8", "replace")) + 1
    return Place(data.count(b"\n", 0, start) + 1, column, what)


class Policy:
    """Compiled rules. `reads` is False where none of them asks what a request holds."""

    def __init__(self, given: Rules, secrets: SecretScanner | None) -> None:
        self.rules = given.rules
        self._workspaces = {found.name: found for found in given.workspaces}
        self.secrets = secrets
        self._marks = [mark for rule in self.rules for mark in _marks(rule)]
        self._any_mark = _ready("|".join(f"(?:{mark.pattern})" for mark in self._marks) or "$^")
        self.reads = bool(self._marks) or wants_secrets(self.rules) or bool(self._workspaces)

    def look(self, text: bytes) -> Iterator[Sighting]:
        """What a text holds, and where. May take milliseconds; errors are the scanner's."""
        for secret in self.secrets.find(text) if self.secrets is not None else ():
            yield Sighting(secret.start, secret.end, Found(secrets=frozenset({secret.rule})))
        if self._marks and self._any_mark.search(text):
            for number, mark in enumerate(self._marks):
                for at in mark.search.finditer(text):
                    yield Sighting(at.start(), at.end(), Found(marks=frozenset({number})))
        for at in _FOLDER.finditer(text) if self._workspaces else ():
            folder = posixpath.normpath(at.group(1).decode("utf-8", "replace").rstrip(".,;"))
            yield Sighting(at.start(), at.end(), Found(folders=frozenset({folder})))

    def places(self, text: str) -> Iterator[Place]:
        """Where the plain text holds what a rule looks for; other readings have no place."""
        data = text.encode("utf-8", "replace")
        for mark in self._marks:
            for found in mark.search.finditer(data):
                yield _place(data, found.start(), f"{mark.rule}: {mark.says}")
        for secret in self.secrets.find(data) if self.secrets is not None else ():
            yield _place(data, secret.start, f"a secret ({secret.rule})")

    def limits(self, known: Circumstances, found: Found) -> tuple[Limit, ...]:
        """Where the first rule that holds lets the request go; empty where it may go anywhere."""
        names = self._in_force(known, found)
        limits = self._by_rule(known, found, names)
        strayed = self._strayed(known, found)
        return limits if strayed is None else (*limits, strayed)

    def _by_rule(self, known: Circumstances, found: Found, names: set[str]) -> tuple[Limit, ...]:
        for rule in self.rules:
            reasons = self._reasons(rule, known, found, names)
            if reasons is None:
                continue
            if _EVERYWHERE in rule.zones:
                return ()
            says = " and ".join(reasons) or "it holds for every request"
            return (Limit(rule=rule.name, zones=rule.zones, says=says, otherwise=rule.otherwise),)
        return ()

    def _reasons(
        self, rule: PrivacyRule, known: Circumstances, found: Found, names: set[str]
    ) -> list[str] | None:
        """Why the rule holds, one reason for each thing it asks for; None where it does not."""
        tests = [
            (rule.workspaces, self._workspace(rule, names)),
            (rule.repositories, self._repository(rule, names)),
            (rule.people, _person(rule, known)),
            (rule.secrets, _secret(found)),
            (rule.paths, self._marked(rule, "path", found)),
            (rule.terms or rule.patterns, self._marked(rule, "term", found)),
        ]
        asked = [reason for wanted, reason in tests if wanted]
        told = [reason for reason in asked if reason is not None]
        return told if len(told) == len(asked) else None

    def _in_force(self, known: Circumstances, found: Found) -> set[str]:
        """Workspaces by the base URL, and by the folders that the client states."""
        stated = {
            name
            for name, space in self._workspaces.items()
            if any(_within(folder, space.path) for folder in found.folders)
        }
        return stated if known.workspace is None else stated | {known.workspace}

    def _strayed(self, known: Circumstances, found: Found) -> Limit | None:
        """The base URL says one folder and the client another: nobody knows whose work it is."""
        space = self._workspaces.get(known.workspace or "")
        if space is None or not found.folders:
            return None
        if any(_within(folder, space.path) for folder in found.folders):
            return None
        says = f"the base URL says {space.name}, and the client works in another folder"
        return Limit(rule="workspace", zones=HOME, says=says)

    def _workspace(self, rule: PrivacyRule, names: set[str]) -> str | None:
        name = next((name for name in rule.workspaces if name in names), None)
        return None if name is None else f"it comes from the workspace {name}"

    def _repository(self, rule: PrivacyRule, names: set[str]) -> str | None:
        spaces = (self._workspaces[name] for name in names if name in self._workspaces)
        for space in spaces:
            if any(globs.matches(remote_of(space), glob) for glob in rule.repositories):
                return f"the workspace {space.name} is a clone of what it names"
        return None

    def _marked(self, rule: PrivacyRule, key: str, found: Found) -> str | None:
        marks = (self._marks[place] for place in sorted(found.marks))
        return next((m.says for m in marks if m.rule == rule.name and m.key == key), None)


def wants_secrets(rules: Iterable[PrivacyRule]) -> bool:
    return any(rule.secrets for rule in rules)


def remote_of(space: Workspace) -> str:
    """The remote as `host/owner/name`, whatever form it is written in."""
    text = (space.remote or "").removesuffix(".git")
    text = text.partition("://")[2] or text
    host, _, rest = text.rpartition("@")[2].partition(":")
    return f"{host}/{rest}".rstrip("/") if rest and "/" not in host else text.rpartition("@")[2]


def _person(rule: PrivacyRule, known: Circumstances) -> str | None:
    return f"{known.person} asks" if known.person in rule.people else None


def _secret(found: Found) -> str | None:
    if not found.secrets:
        return None
    names = sorted(found.secrets)
    more = f" and {len(names) - 2} more kinds" if len(names) > 2 else ""
    return f"it holds a secret ({', '.join(names[:2])}{more})"


def _marks(rule: PrivacyRule) -> Iterator[_Mark]:
    """Patterns of one rule: what they look for stands in the configuration, never in a record."""
    for glob in rule.paths:
        yield _mark(rule, "path", f"it names a path like {glob}", globs.pattern(glob))
    for number, term in enumerate(rule.terms, 1):
        yield _mark(rule, "term", f"it holds term {number} of the rule", f"(?i:{re2.escape(term)})")
    for number, pattern in enumerate(rule.patterns, 1):
        yield _mark(rule, "term", f"it matches pattern {number} of the rule", pattern)


def _mark(rule: PrivacyRule, key: str, says: str, pattern: str) -> _Mark:
    return _Mark(rule.name, key, says, pattern, _ready(pattern))


def _ready(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern.encode(), options)


def _within(folder: str, path: str) -> bool:
    home = posixpath.normpath(path)
    return folder == home or folder.startswith(home.rstrip("/") + "/")


def narrowest(*limits: Limit) -> Limit:
    """What holds where one rule asked for different zones at different times: what all admit.

    A zone named by one and a promise named by another admit nobody but the zone `local`.
    """
    first, *others = limits
    zones = [one for one in first.zones if all(one in other.zones for other in others)]
    redacts = all(limit.otherwise == "redact" for limit in limits)
    otherwise: Otherwise = "redact" if redacts else "refuse"
    return msgspec.structs.replace(first, zones=tuple(zones), otherwise=otherwise)


def carried(limit: Limit) -> Limit:
    """The same limit for a later request of a session that once met it."""
    says = limit.says if limit.carried else f"its session met this rule before: {limit.says}"
    return msgspec.structs.replace(limit, carried=True, says=says)
