"""Which conversation a request belongs to, and what is in force there. Bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

import msgspec
from msgspec import Struct

from rolecall.types import Request, Session, Work
from rolecall.wire.parsed import Parsed

_TELLING = 2000
"""Characters of a text that tell one history from another."""


def thread_key(
    parsed: Parsed, client: str | None, session: str | None, workspace: str | None
) -> str:
    """Names a history: the session id alone misleads, since sub-agents and chores may share it.

    So the beginning of what a human said first is part of it, and without a session id also the
    beginning of the system prompt. 12 bytes of BLAKE2b, as hex.
    """
    prompt = "" if session else parsed.system[:_TELLING]
    opening = parsed.opening[:_TELLING]
    parts = (workspace or "", client or "", session or "", prompt, opening)
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


class Main(Struct, frozen=True):
    """The conversation that first worked under a session id: its system prompt and its tools."""

    thread: str
    prompt: str
    tools: int


class Sessions:
    """The newest `capacity` conversations; the one longest unused is forgotten first."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._by_key: OrderedDict[str, Session] = OrderedDict()
        self._mains: OrderedDict[str, Main] = OrderedDict()
        self._holders: OrderedDict[str, str] = OrderedDict()

    def get(self, key: str, continues: str | None = None) -> Session:
        """What is in force in this conversation; a new one has nothing.

        `continues` names an answer, as far as it is known who gave it.
        """
        found = self._by_key.get(key) or Session(key=key)
        holder = None if continues is None else self._holders.get(continues)
        return found if holder is None else msgspec.structs.replace(found, holder=holder)

    def answered(self, answer: str, deployment: str) -> None:
        """A later request may go on with this answer, at the one who gave it."""
        self._holders[answer] = deployment
        if len(self._holders) > self._capacity:
            self._holders.popitem(last=False)

    def remember(self, session: Session) -> None:
        self._by_key[session.key] = session
        self._by_key.move_to_end(session.key)
        if len(self._by_key) > self._capacity:
            self._by_key.popitem(last=False)

    def note_main(self, request: Request, thread: str) -> None:
        """The first conversation that works under a session id with tools is its main one."""
        signals = request.signals
        if signals.session is None or signals.prompt is None or signals.work not in _MAIN:
            return
        self._mains.setdefault(signals.session, Main(thread, signals.prompt, request.tools))
        if len(self._mains) > self._capacity:
            self._mains.popitem(last=False)

    def is_apart(self, session: str, found: Main) -> bool:
        """Whether a conversation is none of its session's main ones: a sub-agent, most likely.

        It has another system prompt or fewer tools; after `/clear` both are as they were.
        """
        main = self._mains.get(session)
        if main is None or main.thread == found.thread:
            return False
        return main.prompt != found.prompt or found.tools < main.tools


_MAIN: tuple[Work, ...] = ("turn", "plan", "review")
