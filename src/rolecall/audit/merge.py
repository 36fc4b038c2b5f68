"""Count each call once: repeated in a fork, or told by a client and by rolecall's ledger. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from operator import is_

import msgspec

from rolecall.audit.history import Call, Counts, Thread

_LATE = timedelta(seconds=60)
"""By which a client may log an answer after rolecall has seen its end."""
_EARLY = timedelta(seconds=5)
"""By which the two may disagree on when it began."""
_SESSION = timedelta(hours=24)
"""After the start of a session whose client logs no other time."""
_EXACT = 1_000
"""Tokens up to which aider prints a count as it is."""

_ANY = ""
"""Stands for a client that no rule of rolecall recognises."""

Key = tuple[str, int, int, int]


def merged(threads: Iterable[Thread]) -> list[Thread]:
    """Threads without what another one tells as well; those that tell nothing then are left out.

    Where the ledger knows a call, its word counts: it knows who answered and at which price. Of two
    logs the one counts that began first.
    """
    ordered = sorted(threads, key=_beginning)
    own = [one for one in ordered if _is_own(one)]
    clients = {one.client for one in ordered if not _is_own(one)}
    logged = {(one.client, one.session): one for one in ordered if not _is_own(one)}
    ledger = _Ledger(own, clients)
    largest = _largest(ordered)
    met: dict[str, set[str]] = {client: set() for client in clients}
    found = [
        _with(one, _once(one, met[one.client], largest, ledger))
        for one in ordered
        if not _is_own(one)
    ]
    told = [_placed(one, logged.get((one.client, one.session))) for one in own]
    return [one for one in (*found, *told) if one.calls]


def _placed(thread: Thread, log: Thread | None) -> Thread:
    """A thread of the ledger, with what only the client's own log knows of its session."""
    if log is None:
        return thread
    workspace = thread.workspace or log.workspace
    return msgspec.structs.replace(thread, workspace=workspace, plan=log.plan)


def _beginning(thread: Thread) -> tuple[float, str]:
    first = thread.turns[0].at if thread.turns else None
    return (first.timestamp() if first else 0.0, thread.place)


def _is_own(thread: Thread) -> bool:
    """Only the ledger knows roles, and it knows that of each call."""
    return bool(thread.calls) and thread.calls[0].role is not None


def _with(thread: Thread, calls: Sequence[Call]) -> Thread:
    if len(calls) == len(thread.calls) and all(map(is_, calls, thread.calls)):
        return thread
    return msgspec.structs.replace(thread, calls=tuple(calls))


def _largest(threads: Iterable[Thread]) -> dict[tuple[str, str], Counts]:
    """By call, what it came to in the end: a log that breaks off knows only its beginning."""
    found: dict[tuple[str, str], Counts] = {}
    repeated: dict[tuple[str, str], Counts] = {}
    for thread in threads:
        for call in thread.calls:
            key = (thread.client, call.id)
            known = found.setdefault(key, call.counts)
            if known is not call.counts and call.counts.output != known.output:
                repeated[key] = max(known, call.counts, key=lambda one: one.output)
                found[key] = repeated[key]
    return repeated


def _once(
    thread: Thread,
    met: set[str],
    largest: dict[tuple[str, str], Counts],
    ledger: _Ledger,
) -> Sequence[Call]:
    fresh: list[Call] = []
    for call in thread.calls:
        if call.id not in met:
            met.add(call.id)
            fresh.append(call)
    if largest:
        fresh = [_whole(call, largest.get((thread.client, call.id))) for call in fresh]
    if ledger.is_empty:
        return fresh
    return [rest for call in fresh if (rest := ledger.beyond(thread, call)) is not None]


def _whole(call: Call, counts: Counts | None) -> Call:
    return call if counts is None else msgspec.structs.replace(call, counts=counts)


class _Ledger:
    """The ledger's calls, each to be found once."""

    def __init__(self, threads: Iterable[Thread], clients: Collection[str]) -> None:
        """`clients` have logs of their own; a call of any other may be one of theirs."""
        self._exact: dict[Key, list[Call]] = {}
        self._rounded: dict[Key, list[Call]] = {}
        self._sessions: dict[tuple[str, str], list[Call]] = {}
        self._taken: set[str] = set()
        for thread in threads:
            client = thread.client if thread.client in clients else _ANY
            for call in thread.calls:
                self._exact.setdefault(_key(client, call.counts), []).append(call)
                self._sessions.setdefault((thread.client, thread.session), []).append(call)
                if thread.client == "aider":
                    rounded = _key(thread.client, _rounded(call.counts))
                    self._rounded.setdefault(rounded, []).append(call)

    @property
    def is_empty(self) -> bool:
        return not self._exact

    def beyond(self, thread: Thread, call: Call) -> Call | None:
        """What of a call the ledger does not know; None where it knows it."""
        if call.lump:
            return self._less(thread, call)
        counts = _rounded(call.counts) if thread.approximate else call.counts
        known = self._rounded if thread.approximate else self._exact
        own, any_ = _key(thread.client, counts), _key(_ANY, counts)
        for other in (*known.get(own, ()), *known.get(any_, ())):
            if other.id not in self._taken and _same_time(thread, call, other):
                self._taken.add(other.id)
                return None
        return call

    def _less(self, thread: Thread, call: Call) -> Call | None:
        """A sum, without the calls of its session that the ledger knows one by one."""
        counts = call.counts
        for other in self._sessions.get((thread.client, thread.session), ()):
            less = Counts(*(a - b for a, b in zip(counts, other.counts, strict=True)))
            if other.id not in self._taken and min(less) >= 0:
                self._taken.add(other.id)
                counts = less
        if counts.input + counts.output == 0:
            return None
        return msgspec.structs.replace(call, counts=counts)


def _key(client: str, counts: Counts) -> Key:
    return client, counts.input, counts.output, counts.read


def _same_time(thread: Thread, call: Call, other: Call) -> bool:
    if thread.untimed:
        return call.at - _EARLY <= other.at <= call.at + _SESSION
    ended = other.at + timedelta(seconds=other.seconds)
    return other.at - _EARLY <= call.at <= ended + _LATE


def _rounded(counts: Counts) -> Counts:
    """As aider prints them: from 1,000 on to a hundred, from 10,000 on to a thousand."""
    return Counts(*map(_round, counts))


def _round(tokens: int) -> int:
    if tokens < _EXACT:
        return tokens
    return round(tokens, -2 if tokens < 10 * _EXACT else -3)
