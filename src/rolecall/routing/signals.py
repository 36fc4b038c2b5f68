"""Read a request: which client, which session, what sort of work, what its words ask for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b

import msgspec
from msgspec import Struct

from rolecall.routing.conditions import (
    ReadyBook,
    ReadyClient,
    ReadyRule,
    Seen,
    Subject,
    ready,
    ready_client,
)
from rolecall.routing.course import load_course
from rolecall.routing.kinds import FIRST, LATER, KindReader, load_weights
from rolecall.routing.ngrams import load_cues
from rolecall.routing.rules import Client, Rule, RuleBook, Span, applies
from rolecall.routing.sessions import Main, Sessions, thread_key
from rolecall.routing.trajectory import Trajectories
from rolecall.routing.typed import speaks
from rolecall.types import Kind, Signal, Signals, Trajectory, Work
from rolecall.wire.parsed import Parsed

_VERSION_END = re.compile(r"[\s/;,()]")
_LONGEST = 200
"""Characters of a session's name that are kept."""
_AGENT = re.compile(r"[^\s;,()]{1,60}")
"""The first product of a `User-Agent` (RFC 9110, section 10.1.5)."""


class Recogniser(Struct, frozen=True, kw_only=True):
    """What requests are read with: the rules, and what is remembered of earlier requests."""

    rules: ReadyBook
    trajectories: Trajectories
    kinds: KindReader
    sessions: Sessions


class Recognised(Struct, frozen=True, kw_only=True):
    """What was read off a request. `thread` names its history."""

    signals: Signals
    trajectory: Trajectory
    thread: str


def recogniser(book: RuleBook) -> Recogniser:
    """One that remembers nothing yet."""
    return Recogniser(
        rules=ready(book),
        trajectories=Trajectories(load_course()),
        kinds=KindReader(load_weights(), load_cues()),
        sessions=Sessions(),
    )


def recognise(
    headers: Mapping[str, str], parsed: Parsed, workspace: str | None, by: Recogniser
) -> Recognised:
    """What the rules see and the words say. `headers` has lower-case names.

    The client's own rules come first, then the generic ones; the first that holds names the work.
    Without one the work is a turn, or a continuation where a tool loop is open.
    """
    trajectory = by.trajectories.of(parsed)
    seen = Seen(headers, parsed, by.trajectories.course, trajectory.turns)
    name = _client(seen, by.rules)
    client = _NOBODY if name is None else by.rules.clients[name]
    session = _first(client.session if name else by.rules.generic_session, seen)
    thread = thread_key(parsed, name, session, workspace)
    prompt = _prompt(parsed, trajectory) if session and parsed.tools else None
    if prompt is not None and session is not None:
        apart = by.sessions.is_apart(session, Main(thread, prompt, len(parsed.tools)))
        seen.fresh = apart and not trajectory.compacted
    version = _version(client, seen)
    own = _first_rule(client.rules, seen, version)
    rule = own or _first_rule(_generic(by, parsed), seen, None)
    signals = Signals(
        client=name,
        client_version=version,
        agent=None if name else _agent(headers),
        session=session,
        prompt=prompt,
        kinds=_kinds(parsed, trajectory, client.typed, by.kinds),
        seen=tuple(_facts(name, version, parsed, trajectory)),
        work=_work(rule, parsed, trajectory),
    )
    return Recognised(
        signals=signals if rule is None else _decided(signals, rule, own=own is not None),
        trajectory=trajectory,
        thread=thread,
    )


_NOBODY = ready_client(Client())
"""Stands for a client that no rule knows."""


def _decided(signals: Signals, rule: Rule, *, own: bool) -> Signals:
    owner = signals.client if own else "generic"
    return msgspec.structs.replace(
        signals,
        decided_by=Signal(rule=f"{owner}.{rule.id}", says=rule.says),
        generic=not own,
        boundary=rule.boundary,
        role=rule.role,
        confidence=rule.confidence,
    )


def _generic(by: Recogniser, parsed: Parsed) -> Iterable[ReadyRule]:
    return by.rules.generic.for_shape(tools=bool(parsed.tools), loop_open=parsed.tail.loop_open)


def _first_rule(rules: Iterable[ReadyRule], seen: Seen, version: str | None) -> Rule | None:
    for ready_rule in rules:
        for holds in ready_rule.tests:
            if not holds(seen):
                break
        else:
            if applies(ready_rule.rule, version):
                return ready_rule.rule
    return None


def _client(seen: Seen, book: ReadyBook) -> str | None:
    """The first client that is recognised; headers and fields are asked before any text."""
    for name, client in book.clients.items():
        if any(told(seen) for told in client.told):
            return name
    for name, client in book.clients.items():
        if client.told_by_text and any(told(seen) for told in client.told_by_text):
            return name
    return None


def _agent(headers: Mapping[str, str]) -> str | None:
    found = _AGENT.match(headers.get("user-agent", ""))
    return None if found is None else found[0]


def _version(client: ReadyClient, seen: Seen) -> str | None:
    where = client.client.version
    text = None if client.version is None else client.version(seen)
    if where is None or text is None:
        return None
    _, found, rest = text.partition(where.starts or where.contains or "")
    return _VERSION_END.split(rest, maxsplit=1)[0] or None if found else None


def _first(places: Iterable[Subject], seen: Seen) -> str | None:
    for place in places:
        value = place(seen)
        if value:
            return value[:_LONGEST]
    return None


def _prompt(parsed: Parsed, trajectory: Trajectory) -> str | None:
    """A digest of the system prompt at the first turn of a conversation; later ones need none."""
    if trajectory.turns > 1 or trajectory.steps:
        return None
    return blake2b(parsed.system.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _kinds(
    parsed: Parsed, trajectory: Trajectory, span: Span | None, reader: KindReader
) -> dict[Kind, float]:
    """What the words of the last human message ask for."""
    words = parsed.human if span is None else within(parsed.human, span)
    return reader.read(words, LATER if trajectory.turns > 1 else FIRST) if words else {}


def within(text: str, span: Span) -> str:
    """The part of a text that a person typed; all of it where the marks are not there."""
    if span.after is not None and span.after in text:
        text = text.split(span.after, 1)[1]
    return text if span.before is None else text.split(span.before, 1)[0]


def _facts(
    name: str | None, version: str | None, parsed: Parsed, trajectory: Trajectory
) -> Iterator[Signal]:
    """What is worth telling beside the signal that decided."""
    if name is not None:
        says = f"the client is {name} {version}" if version else f"the client is {name}"
        yield Signal(rule="client", says=says)
    if parsed.tail.loop_open:
        tools = ", ".join(dict.fromkeys(parsed.tail.called)) or "a tool"
        says = f"a tool loop is open: the result of {tools} just came"
        yield Signal(rule="phase.loop", says=says)
    if trajectory.same_failures:
        times = trajectory.same_failures + 1
        yield Signal(
            rule="phase.tests", says=f"the tests failed the same way {times} times in a row"
        )
    elif trajectory.tests == "failed":
        yield Signal(rule="phase.tests", says="the last test run failed")
    if trajectory.pushed_back:
        yield Signal(rule="phase.pushback", says="the person objects to what was done")
    if trajectory.compacted:
        says = "the conversation goes on from a summary of an earlier one"
        yield Signal(rule="phase.compacted", says=says)


def _work(rule: Rule | None, parsed: Parsed, trajectory: Trajectory) -> Work:
    """Where a turn is under way and nobody typed since, the harness brings a result of its own."""
    if rule is not None:
        return rule.work
    reports = trajectory.turns > 0 and parsed.tail.human >= 0 and not speaks(parsed.human)
    return "continuation" if parsed.tail.loop_open or reports else "turn"
