"""Which conversation a request belongs to, and what is in force there. Bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

import msgspec

from rolecall.types import Decision, Request, Session, Signals
from rolecall.wire.parsed import Parsed

_TELLING = 2000
"""Characters of a text that tell one history from another."""


def thread_key(parsed: Parsed, signals: Signals, workspace: str | None) -> str:
    """Names a history: the session id alone misleads, since sub-agents and chores may share it.

    So the beginning of what a human said first is part of it, and without a session id also the
    beginning of the system prompt. 12 bytes of BLAKE2b, as hex.
    """
    prompt = "" if signals.session else parsed.system[:_TELLING]
    opening = parsed.opening[:_TELLING]
    parts = (workspace or "", signals.client or "", signals.session or "", prompt, opening)
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


class Sessions:
    """The newest `capacity` conversations; the one longest unused is forgotten first."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._by_key: OrderedDict[str, Session] = OrderedDict()

    def get(self, key: str) -> Session:
        """What is in force in this conversation; a new one has nothing."""
        found = self._by_key.get(key)
        return Session(key=key) if found is None else found

    def remember(self, session: Session) -> None:
        self._by_key[session.key] = session
        self._by_key.move_to_end(session.key)
        if len(self._by_key) > self._capacity:
            self._by_key.popitem(last=False)


def after(session: Session, request: Request, decision: Decision, deployment: str) -> Session:
    """What is in force once `deployment` has answered. Counting tokens changes nothing."""
    if request.endpoint == "count_tokens":
        return session
    return msgspec.structs.replace(
        session, role=decision.role, deployment=deployment, turns=session.turns + 1
    )
