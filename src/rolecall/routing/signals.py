"""Read the structure of a request: which client, which session, what sort of work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rolecall.routing.rules import Client, Condition, Rule, RuleBook, holds, subject
from rolecall.types import Signal, Signals, Work
from rolecall.wire.parsed import Parsed

_VERSION_END = re.compile(r"[\s/;,()]")


def read(headers: Mapping[str, str], parsed: Parsed, book: RuleBook) -> Signals:
    """What the rules see. `headers` has lower-case names.

    The client's own rules come first, then the generic ones; the first that holds names the work.
    Without one the work is a turn, or a continuation where a tool loop is open.
    """
    name, client = _client(headers, parsed, book)
    seen = [_loop(parsed)] if parsed.loop_open else []
    version = session = None
    rules: tuple[Rule, ...] = ()
    if client is not None:
        version = _version(client, headers, parsed)
        session = _first(client.session, headers, parsed)
        rules = client.rules
        seen.insert(0, _identity(name, version))
    rule = first_rule(rules, headers, parsed)
    generic = first_rule(book.generic, headers, parsed) if rule is None else None
    rule = rule or generic
    return Signals(
        client=name,
        client_version=version,
        session=session,
        work=_work(rule, parsed),
        decided_by=_signal(rule, "generic" if generic else name),
        generic=generic is not None,
        boundary=rule is not None and rule.boundary,
        seen=tuple(seen),
    )


def first_rule(rules: Iterable[Rule], headers: Mapping[str, str], parsed: Parsed) -> Rule | None:
    for rule in rules:
        if all(holds(condition, headers, parsed) for condition in rule.when):
            return rule
    return None


def _client(
    headers: Mapping[str, str], parsed: Parsed, book: RuleBook
) -> tuple[str | None, Client | None]:
    for name, client in book.clients.items():
        if any(holds(condition, headers, parsed) for condition in client.identity):
            return name, client
    return None, None


def _version(client: Client, headers: Mapping[str, str], parsed: Parsed) -> str | None:
    where = client.version
    text = None if where is None else subject(where, headers, parsed)
    if where is None or text is None:
        return None
    _, found, rest = text.partition(where.starts or where.contains or "")
    return _VERSION_END.split(rest, maxsplit=1)[0] or None if found else None


def _first(places: Iterable[Condition], headers: Mapping[str, str], parsed: Parsed) -> str | None:
    values = (subject(place, headers, parsed) for place in places)
    return next((value for value in values if value), None)


def _work(rule: Rule | None, parsed: Parsed) -> Work:
    if rule is not None:
        return rule.work
    return "continuation" if parsed.loop_open else "turn"


def _identity(name: str | None, version: str | None) -> Signal:
    return Signal(rule="client", says=f"{name} {version}" if version else f"{name}")


def _loop(parsed: Parsed) -> Signal:
    tools = ", ".join(dict.fromkeys(parsed.called)) or "a tool"
    return Signal(rule="phase.loop", says=f"a tool loop is open: the result of {tools} just came")


def _signal(rule: Rule | None, owner: str | None) -> Signal | None:
    return None if rule is None else Signal(rule=f"{owner}.{rule.id}", says=rule.says)
