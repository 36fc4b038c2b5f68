"""Finds what privacy asks of a request, before anything is decided. What fails here is private."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import msgspec
from msgspec import Raw

from rolecall.gateway.headers import Header, outbound
from rolecall.gateway.intake import Taken
from rolecall.ledger import taints
from rolecall.ledger.store import Ledger
from rolecall.ledger.taints import Taint
from rolecall.privacy.encoded import Unreadable
from rolecall.privacy.policy import HOME, NOTHING, Circumstances, Found, Policy, carried, narrowest
from rolecall.privacy.redact import Redacted, Redactor
from rolecall.privacy.scan import Scans
from rolecall.types import Limit
from rolecall.wire.dialects import WIRES
from rolecall.wire.restore import Restorer

_LOG = logging.getLogger("rolecall")
_AT_ONCE = 32 * 1024
"""Bytes that are looked at on the event loop, in a fraction of a millisecond; more in a thread."""
_APART_AT_ONCE = 1024 * 1024
"""Bytes of a body that is taken apart on the event loop."""


_PARENT = b"-parent-"
"""In the names of headers by which a sub-agent states the session it works for: Codex, opencode."""
_WORKERS = max(1, min(4, (os.cpu_count() or 1) - 1))
_SWITCH = 0.000_5
"""Seconds after which a thread that looks lets the event loop go on; Python's own are 5 ms."""


def workers() -> ThreadPoolExecutor:
    """Threads to look in, beside which an event loop stays awake."""
    sys.setswitchinterval(_SWITCH)
    return ThreadPoolExecutor(_WORKERS, "rolecall-scan")


class Guard:
    """The policy, what was seen of requests, and the sessions that stay private."""

    def __init__(self, policy: Policy, ledger: Ledger, seconds: float) -> None:
        self._policy = policy
        self._scans = Scans(policy)
        self._ledger = ledger
        self._seconds = seconds
        self._threads = workers()
        self._redactor = None if policy.secrets is None else Redactor(policy.secrets)
        self._cleared = taints.cleared(ledger)
        self._taints = _by_key(taints.in_force(ledger))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def look_again(self) -> None:
        """Take up what `rolecall privacy clear` has cleared. Raises `LedgerError`."""
        newest = taints.cleared(self._ledger)
        if newest != self._cleared:
            self._cleared = newest
            self._taints = _by_key(taints.in_force(self._ledger))

    async def limits(
        self, taken: Taken, person: str | None, headers: Iterable[Header], query: bytes
    ) -> tuple[Limit, ...]:
        """What the rules ask of this request, and what its session brings along.

        Its session is tainted, and that is written, before this returns. Raises `LedgerError`.
        """
        keys = _keys(taken, headers)
        known: dict[str, Limit] = {}
        for key in keys:
            _narrow(known, self._taints.get(key, {}).values())
        found = await self._met(taken, person, headers, query)
        met = {limit.rule: limit for limit in found}
        held = {rule: limit for rule, limit in known.items() if rule in met}
        _narrow(met, held.values())
        every = {**known, **met}
        self._taint(taken, keys, every.values())
        return (*met.values(), *(carried(known[rule]) for rule in known if rule not in met))

    async def redacted(
        self, taken: Taken, headers: Iterable[Header], query: bytes
    ) -> tuple[Taken, Restorer] | None:
        """The request with placeholders for its secrets; None where it is private all the same.

        Whatever stands besides, such as another rule or a secret that is encoded, holds as before.
        """
        done = await self._placeholders(taken)
        if done is None:
            return None
        apart = msgspec.structs.replace(taken, body=done.body, thread=f"{taken.thread} redacted")
        met = await self._met(apart, taken.request.person, headers, query)
        before = [one for one in taken.request.limits if one not in met]
        request = msgspec.structs.replace(
            taken.request,
            limits=(*met, *(one for one in before if one.otherwise == "refuse")),
            lifted=tuple(one for one in before if one.otherwise == "redact"),
            redacted=len(done.secrets),
            carried={},
            body_bytes=len(done.body),
        )
        sent = msgspec.structs.replace(taken, body=done.body, request=request)
        return sent, Restorer(done.secrets, lines=WIRES[taken.request.dialect].lines)

    async def _placeholders(self, taken: Taken) -> Redacted | None:
        asked = [one.otherwise for one in taken.request.limits]
        if self._redactor is None or "redact" not in asked:
            return None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                redact = self._redactor.redacted
                return await loop.run_in_executor(self._threads, redact, taken.body)
        except Exception as error:  # noqa: BLE001 (as in `_met`: then it stays as it is)
            _LOG.warning("a request could not be redacted (%s)", type(error).__name__)
            return None

    async def _met(
        self, taken: Taken, person: str | None, headers: Iterable[Header], query: bytes
    ) -> tuple[Limit, ...]:
        circumstances = Circumstances(workspace=taken.request.workspace, person=person)
        if not self._policy.reads:
            return self._policy.limits(circumstances, NOTHING)
        try:
            found = await self._found(taken, _outward(headers, query))
        except Exception as error:  # noqa: BLE001 (whatever it is: what was not seen is private)
            _LOG.warning("a request could not be scanned (%s)", type(error).__name__)
            why = str(error) if isinstance(error, Unreadable) else type(error).__name__
            says = f"it could not be read for what is private ({why})"
            return (Limit(rule="unscanned", zones=HOME, says=says),)
        return self._policy.limits(circumstances, found)

    async def _found(self, taken: Taken, outward: Raw) -> Found:
        if len(taken.body) <= _APART_AT_ONCE:
            look = self._scans.take_apart(taken.thread, taken.body, outward)
            if look.size <= _AT_ONCE:
                return self._scans.look(look)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._seconds):
            return await loop.run_in_executor(self._threads, self._look, taken, outward)

    def _look(self, taken: Taken, outward: Raw) -> Found:
        return self._scans.look(self._scans.take_apart(taken.thread, taken.body, outward))

    def _taint(self, taken: Taken, keys: Iterable[str], every: Iterable[Limit]) -> None:
        """Remember in the ledger first: a crash must not make anything less private."""
        at = datetime.now(UTC)
        new = [
            Taint(
                key=key,
                limit=limit,
                since=at,
                session=taken.request.signals.session,
                workspace=taken.request.workspace,
            )
            for key in keys
            for limit in every
            if _asks(limit) != _asks(self._taints.get(key, {}).get(limit.rule))
        ]
        if new:
            taints.keep(self._ledger, new)
            for taint in new:
                self._taints.setdefault(taint.key, {})[taint.limit.rule] = taint.limit


def _keys(taken: Taken, headers: Iterable[Header]) -> list[str]:
    """What a session goes by: the client's own id, whoever sends it, its history, its parent's id.

    A sub-agent is told what its parent knows, and tells it what it has found.
    """
    session = taken.request.signals.session
    parents = [value.decode("latin-1") for name, value in headers if _PARENT in name]
    ids = [*([] if session is None else [session]), *parents]
    return [*(f"session:{one}" for one in ids), f"thread:{taken.thread}"]


def _by_key(found: Iterable[Taint]) -> dict[str, dict[str, Limit]]:
    """By key, then by the name of the rule."""
    by_key: dict[str, dict[str, Limit]] = {}
    for taint in found:
        by_key.setdefault(taint.key, {})[taint.limit.rule] = taint.limit
    return by_key


def _narrow(by_rule: dict[str, Limit], limits: Iterable[Limit]) -> None:
    """Take up what other limits ask, too: a rule that was edited holds as it is and as it was."""
    for limit in limits:
        here = by_rule.get(limit.rule)
        by_rule[limit.rule] = limit if here is None else narrowest(here, limit)


def _asks(limit: Limit | None) -> tuple[frozenset[str], str] | None:
    """What a limit asks for, whatever it says of the reason."""
    return None if limit is None else (frozenset(limit.zones), limit.otherwise)


def _outward(headers: Iterable[Header], query: bytes) -> Raw:
    """What goes out beside the body: the query, and headers that are no key."""
    passed = [f"{n.decode('latin-1')}: {v.decode('latin-1')}" for n, v in _plain(headers)]
    return Raw(msgspec.json.encode([query.decode("latin-1"), *passed]))


def _plain(headers: Iterable[Header]) -> list[Header]:
    return outbound(headers, own_credentials=False)
