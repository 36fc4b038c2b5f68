"""The rules of `signals.toml`: what is known of each client, as data.

A rule is a list of conditions that must all hold. A condition names one subject (a header, a
field of the body, a text, a tool) and one test on it; without a test the subject must be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any, Literal

import msgspec
from msgspec import Struct

from rolecall.types import Work
from rolecall.wire.parsed import Parsed


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One subject, one test. `json` reads a key of a subject that is itself a JSON object.

    Subjects: `header` (lower case), `field` (dotted path into the body), `text`, `offers` (a tool
    is offered), `called` (the last results are this tool's), `tools` (any, or none at all).
    Texts: `system` (the prompt), `late` (what the harness said along with the last human message),
    `newest` (the newest system message that contains `among`), `opening` and `human` (the first
    and the last thing a human said).
    """

    header: str | None = None
    field: str | None = None
    text: Literal["system", "late", "newest", "opening", "human"] | None = None
    among: str | None = None
    offers: str | None = None
    called: str | None = None
    tools: Literal["none", "some"] | None = None
    json: str | None = None
    equals: str | None = None
    one_of: tuple[str, ...] = ()
    starts: str | None = None
    contains: str | None = None


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the work is when all conditions of `when` hold.

    `boundary` says that this request may take another model although a tool loop is open: it has
    a history of its own, or the mode of work has just changed.
    """

    id: str
    work: Work
    says: str
    when: tuple[Condition, ...]
    boundary: bool = False


class Client(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a client is told, where it states its version and session, and its own rules."""

    seen: str
    """The version whose requests were recorded."""
    identity: tuple[Condition, ...]
    """Any one is enough."""
    version: Condition | None = None
    """The value, after what `starts` or `contains` names, up to a space or another separator."""
    session: tuple[Condition, ...] = ()
    """The first that is there."""
    rules: tuple[Rule, ...] = ()


class RuleBook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rules. `generic` ones serve every client, after its own."""

    version: str
    clients: dict[str, Client]
    generic: tuple[Rule, ...] = ()


def load_rules() -> RuleBook:
    """The rules that ship with rolecall."""
    text = resources.files("rolecall.routing").joinpath("signals.toml").read_bytes()
    return msgspec.toml.decode(text, type=RuleBook)


class Seen(Struct, frozen=True):
    """What conditions are tested on. `headers` has lower-case names."""

    headers: Mapping[str, str]
    parsed: Parsed


def holds(condition: Condition, seen: Seen) -> bool:
    """Whether the condition's test passes on its subject."""
    value = subject(condition, seen)
    if value is None:
        return False
    if condition.starts is not None:
        return value.startswith(condition.starts)
    if condition.contains is not None:
        return condition.contains in value
    if condition.equals is not None:
        return value == condition.equals
    return not condition.one_of or value in condition.one_of


def subject(condition: Condition, seen: Seen) -> str | None:
    """The text that a condition speaks of; None where the request has no such thing."""
    value: Any
    if condition.header is not None:
        value = seen.headers.get(condition.header)
    elif condition.field is not None:
        value = _field(seen.parsed.fields, condition.field)
    elif condition.text is not None:
        value = _text(condition, seen.parsed)
    else:
        value = True if _shape(condition, seen.parsed) else None
    if condition.json is not None and isinstance(value, str):
        value = _field(_object(value), condition.json)
    return value if isinstance(value, str) or value is None else "yes"


def _text(condition: Condition, parsed: Parsed) -> str | None:
    match condition.text:
        case "system":
            return parsed.system
        case "late":
            return parsed.late
        case "newest":
            return parsed.newest_system(condition.among or "")
        case "opening":
            return parsed.opening
        case _:
            return parsed.human


def _shape(condition: Condition, parsed: Parsed) -> bool:
    """Conditions that are about the request's shape and have no text to test."""
    if condition.tools is not None:
        return bool(parsed.tools) == (condition.tools == "some")
    if condition.offers is not None:
        return condition.offers in parsed.tools
    return condition.called in parsed.tail.called


def _field(value: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _object(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
