"""Conditions of rules as functions: made once, asked with every request.

Interpreting the data of some fifty rules anew took most of the time of reading a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from rolecall.routing.course import Course
from rolecall.routing.rules import Client, Condition, Rule, RuleBook, Span
from rolecall.routing.typed import ends
from rolecall.wire.parsed import Parsed

_NEAR = 1_500
"""Characters at the beginning and at the end of a text in which `says` looks."""


class Seen:
    """What conditions are tested on. `headers` has lower-case names.

    `turns` counts what a person typed so far. `fresh` says that the conversation begins under a
    session id at work, with another prompt or fewer tools.
    """

    def __init__(
        self, headers: Mapping[str, str], parsed: Parsed, course: Course, turns: int
    ) -> None:
        self.headers = headers
        self.parsed = parsed
        self.course = course
        self.turns = turns
        self.fresh = False
        self._near: dict[str, str] = {}

    def near(self, name: str, text: str) -> str:
        """Both ends of a text in lower case; `name` is what it is remembered under."""
        found = self._near.get(name)
        if found is None:
            found = self._near[name] = ends(text, _NEAR, _NEAR).lower()
        return found


Test = Callable[[Seen], bool]
Subject = Callable[[Seen], str | None]


class ReadyRule(Struct, frozen=True):
    """A rule and its conditions."""

    rule: Rule
    tests: tuple[Test, ...]


class ReadyClient(Struct, frozen=True, kw_only=True):
    """A client with its rules. `told_by_text` are the marks of identity that read a text."""

    client: Client
    told: tuple[Test, ...]
    told_by_text: tuple[Test, ...]
    version: Subject | None
    session: tuple[Subject, ...]
    rules: tuple[ReadyRule, ...]

    @property
    def typed(self) -> Span | None:
        return self.client.typed


class Generic(Struct, frozen=True, kw_only=True):
    """The generic rules that may hold, by the shape of a request.

    In an open tool loop only those with a boundary could change anything.
    """

    without_tools: tuple[ReadyRule, ...]
    with_tools: tuple[ReadyRule, ...]
    in_loop: tuple[ReadyRule, ...]

    def for_shape(self, *, tools: bool, loop_open: bool) -> tuple[ReadyRule, ...]:
        if not tools:
            return self.without_tools
        return self.in_loop if loop_open else self.with_tools


class ReadyBook(Struct, frozen=True, kw_only=True):
    """All rules of a book, ready to be asked."""

    clients: dict[str, ReadyClient]
    generic: Generic
    generic_session: tuple[Subject, ...]


def ready(book: RuleBook) -> ReadyBook:
    """The book's rules as functions."""
    return ReadyBook(
        clients={name: ready_client(client) for name, client in book.clients.items()},
        generic=_generic(book.generic),
        generic_session=tuple(map(subject, book.generic_session)),
    )


def _generic(rules: Iterable[Rule]) -> Generic:
    every = list(rules)
    offered = [r for r in every if all(one.tools != "none" for one in r.when)]
    bare = [r for r in every if all(one.tools in {None, "none"} for one in r.when)]
    return Generic(
        without_tools=_rules(bare),
        with_tools=_rules(offered),
        in_loop=_rules(r for r in offered if r.boundary),
    )


def ready_client(client: Client) -> ReadyClient:
    return ReadyClient(
        client=client,
        told=tuple(test(one) for one in client.identity if one.text is None),
        told_by_text=tuple(test(one) for one in client.identity if one.text is not None),
        version=None if client.version is None else subject(client.version),
        session=tuple(map(subject, client.session)),
        rules=_rules(client.rules),
    )


def _rules(rules: Iterable[Rule]) -> tuple[ReadyRule, ...]:
    return tuple(ReadyRule(rule, tuple(map(test, rule.when))) for rule in rules)


def test(condition: Condition) -> Test:
    """Whether the condition holds. Without a test its subject must only be there."""
    shape = _shape(condition)
    if shape is not None:
        return shape
    of, holds = subject(condition), _value_test(condition)
    if condition.says:
        name, phrases = condition.text or "", condition.says
        return lambda seen: _says(seen, name, of(seen), phrases)

    def told(seen: Seen) -> bool:
        value = of(seen)
        return value is not None and holds(value)

    return told


def _says(seen: Seen, name: str, text: str | None, phrases: tuple[str, ...]) -> bool:
    if not text:
        return False
    near = seen.near(name, text)
    return any(phrase in near for phrase in phrases)


def _value_test(condition: Condition) -> Callable[[str], bool]:
    starts, contains, equals = condition.starts, condition.contains, condition.equals
    if starts is not None:
        return lambda value: value.startswith(starts)
    if contains is not None:
        return lambda value: contains in value
    if equals is not None:
        return lambda value: value == equals
    if condition.contains_any:
        return lambda value: any(phrase in value for phrase in condition.contains_any)
    if condition.one_of:
        return lambda value: value in condition.one_of
    return lambda _: True


def subject(condition: Condition) -> Subject:
    """The text that a condition speaks of; None where the request has no such thing."""
    of = _plain_subject(condition)
    key = condition.json
    if key is None:
        return of
    return lambda seen: _as_text(_within(_object(of(seen)), key.split(".")))


def _plain_subject(condition: Condition) -> Subject:
    if condition.header is not None:
        header = condition.header
        return lambda seen: seen.headers.get(header)
    if condition.field is not None:
        path = condition.field.split(".")
        return lambda seen: _as_text(_within(seen.parsed.fields, path))
    return _text(condition)


def _text(condition: Condition) -> Subject:
    match condition.text:
        case "system":
            return lambda seen: seen.parsed.system
        case "late":
            return lambda seen: seen.parsed.late
        case "newest":
            mark = condition.among or ""
            return lambda seen: seen.parsed.newest_system(mark)
        case "opening":
            return lambda seen: seen.parsed.opening
        case _:
            return lambda seen: seen.parsed.human


def _shape(condition: Condition) -> Test | None:
    """Conditions that are about the request's shape and have no text to test."""
    most, turns, part = condition.max_tokens, condition.turns, condition.header_with
    if most is not None:
        return lambda seen: seen.parsed.max_tokens is not None and seen.parsed.max_tokens <= most
    if turns is not None:
        return lambda seen: seen.turns <= turns
    if condition.history is not None:
        return lambda seen: seen.fresh
    if part is not None:
        return lambda seen: any(part in name for name in seen.headers)
    return _tools(condition)


def _tools(condition: Condition) -> Test | None:
    offers, called = condition.offers, condition.called
    if offers is not None:
        return lambda seen: offers in seen.parsed.tools
    if called is not None:
        return lambda seen: called in seen.parsed.tail.called
    match condition.tools:
        case "none":
            return lambda seen: not seen.parsed.tools
        case "some":
            return lambda seen: bool(seen.parsed.tools)
        case "read-only":
            return lambda seen: seen.course.only_reads(seen.parsed.tools)
        case None:
            return None


def _within(value: Any, path: Iterable[str]) -> Any:
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _as_text(value: Any) -> str | None:
    """What is there and no text is told by its being there."""
    return value if isinstance(value, str) or value is None else "yes"


def _object(text: str | None) -> Any:
    try:
        return None if text is None else msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
