"""Read the structure of a request: which client, which session, what sort of work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from rolecall.routing.rules import Client, Condition, Rule, RuleBook, Seen, holds, subject
from rolecall.types import Signal, Signals, Work
from rolecall.wire.parsed import Parsed

_VERSION_END = re.compile(r"[\s/;,()]")
_LONGEST = 200
"""Characters of a session's name that are kept."""


def read(headers: Mapping[str, str], parsed: Parsed, book: RuleBook) -> Signals:
    """What the rules see. `headers` has lower-case names.

    The client's own rules come first, then the generic ones; the first that holds names the work.
    Without one the work is a turn, or a continuation where a tool loop is open.
    """
    seen = Seen(headers, parsed)
    name = _client(seen, book)
    client = _NOBODY if name is None else book.clients[name]
    version = _version(client, seen)
    own = first_rule(client.rules, seen)
    rule = own or first_rule(book.generic, seen)
    owner = name if own else "generic"
    return Signals(
        client=name,
        client_version=version,
        session=_first(client.session, seen),
        work=_work(rule, parsed),
        decided_by=None if rule is None else Signal(rule=f"{owner}.{rule.id}", says=rule.says),
        generic=rule is not None and own is None,
        boundary=rule is not None and rule.boundary,
        seen=tuple(_facts(name, version, parsed)),
    )


_NOBODY = Client(seen="", identity=())
"""Stands for a client that no rule knows."""


def first_rule(rules: Iterable[Rule], seen: Seen) -> Rule | None:
    for rule in rules:
        if all(holds(condition, seen) for condition in rule.when):
            return rule
    return None


def _client(seen: Seen, book: RuleBook) -> str | None:
    """The first client that is recognised; headers and fields are asked before any text."""
    for reads_text in (False, True):
        for name, client in book.clients.items():
            for condition in client.identity:
                if (condition.text is not None) == reads_text and holds(condition, seen):
                    return name
    return None


def _version(client: Client, seen: Seen) -> str | None:
    where = client.version
    text = None if where is None else subject(where, seen)
    if where is None or text is None:
        return None
    _, found, rest = text.partition(where.starts or where.contains or "")
    return _VERSION_END.split(rest, maxsplit=1)[0] or None if found else None


def _first(places: Iterable[Condition], seen: Seen) -> str | None:
    for place in places:
        value = subject(place, seen)
        if value:
            return value[:_LONGEST]
    return None


def _facts(name: str | None, version: str | None, parsed: Parsed) -> Iterator[Signal]:
    """What is worth telling beside the rule that decided."""
    if name is not None:
        says = f"the client is {name} {version}" if version else f"the client is {name}"
        yield Signal(rule="client", says=says)
    if parsed.tail.loop_open:
        tools = ", ".join(dict.fromkeys(parsed.tail.called)) or "a tool"
        says = f"a tool loop is open: the result of {tools} just came"
        yield Signal(rule="phase.loop", says=says)


def _work(rule: Rule | None, parsed: Parsed) -> Work:
    if rule is not None:
        return rule.work
    return "continuation" if parsed.tail.loop_open else "turn"
