"""The rules of `signals.toml`: what is known of each client, as data.

A rule is a list of conditions that must all hold. A condition names one subject (a header, a
field of the body, a text, a tool) and one test on it; without a test the subject must be there.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from rolecall.types import Role, Work


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One subject, one test. `json` reads a key of a subject that is itself a JSON object.

    Subjects: `header` (lower case), `header_with` (one whose name contains this), `field` (dotted
    path into the body), `text`, `offers` (a tool is offered), `called` (the last results are this
    tool's), `tools` (none, some, or only such as read), `max_tokens` (at most so many), `turns` (at
    most so many of a person), `history` (`fresh`: begins under a session id at work, with another
    prompt or fewer tools).
    Texts: `system` (the prompt), `late` (what the harness said along with the last human message),
    `newest` (the newest system message that contains `among`), `opening` and `human` (the first
    and the last thing a human said).
    `says` holds where one of its phrases stands near the beginning or the end of the text, whatever
    the case of its letters; `contains` and `contains_any` look at all of it.
    """

    header: str | None = None
    header_with: str | None = None
    field: str | None = None
    text: Literal["system", "late", "newest", "opening", "human"] | None = None
    among: str | None = None
    offers: str | None = None
    called: str | None = None
    tools: Literal["none", "some", "read-only"] | None = None
    max_tokens: int | None = None
    turns: int | None = None
    history: Literal["fresh"] | None = None
    json: str | None = None
    equals: str | None = None
    one_of: tuple[str, ...] = ()
    starts: str | None = None
    contains: str | None = None
    contains_any: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


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
    role: Role | None = None
    """Plays this role, whatever `[routing.work]` says."""
    confidence: Annotated[float, Meta(ge=0, le=1)] = 1.0
    """How often it is right. Under 1 where that was measured to be less."""
    since: str | None = None
    before: str | None = None
    """Versions of the client that it is for: from `since` on, and older than `before`."""


class Span(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part of a text after one mark and before another; without a mark from or to its end."""

    after: str | None = None
    before: str | None = None


class Client(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a client is told, where it states its version and session, and its own rules."""

    seen: str = ""
    """The version whose requests were recorded."""
    identity: tuple[Condition, ...] = ()
    """Any one is enough."""
    typed: Span | None = None
    """Where the person's words stand in a message, for clients that put their own around them."""
    version: Condition | None = None
    """The value, after what `starts` or `contains` names, up to a space or another separator."""
    session: tuple[Condition, ...] = ()
    """The first that is there."""
    rules: tuple[Rule, ...] = ()


class RuleBook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rules. `generic` ones serve every client, after its own."""

    version: str
    clients: dict[str, Client] = {}
    generic: tuple[Rule, ...] = ()
    generic_session: tuple[Condition, ...] = ()
    """Where clients that no rule knows may state their session; the first that is there."""


def load_rules() -> RuleBook:
    """The rules that ship with rolecall."""
    text = resources.files("rolecall.routing").joinpath("signals.toml").read_bytes()
    return msgspec.toml.decode(text, type=RuleBook)


def applies(rule: Rule, version: str | None) -> bool:
    """Whether a rule is for this version of its client. One that states none has all rules."""
    if version is None or (rule.since is None and rule.before is None):
        return True
    number = _numbers(version)
    too_old = rule.since is not None and number < _numbers(rule.since)
    return not too_old and (rule.before is None or number < _numbers(rule.before))


def newer(version: str, than: str) -> bool:
    """Whether one version comes after another."""
    return _numbers(version) > _numbers(than)


def _numbers(version: str) -> tuple[int, ...]:
    """`2.1.197-beta` as (2, 1, 197)."""
    return tuple(int(part) for part in _NUMBER.findall(version))


_NUMBER = re.compile(r"\d{1,9}")
