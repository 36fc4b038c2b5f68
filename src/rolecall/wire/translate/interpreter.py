"""An answer on its way from one dialect to another: whole, or as the stream that it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from rolecall.types import Dialect
from rolecall.wire.sse import events, last_blank
from rolecall.wire.translate.answer import Broken, Event, Failed, Opened, collected
from rolecall.wire.translate.names import Names
from rolecall.wire.translate.table import HEARD, SPOKEN, Client

_LONGEST_EVENT = 32 * 1024 * 1024
"""Bytes. What is longer without an end is no event."""


_FAILED = "the provider reported an error in its answer"


class Interpreter:
    """For one answer of the deployment `maker`, which speaks `source`, to a client of `target`.

    `trouble` says why the answer broke off, once it has; the client has been told then. It is
    recorded, and so it holds no word of the provider's, which may quote the request.
    """

    def __init__(
        self, source: Dialect, target: Dialect, *, maker: str, names: Names, client: Client
    ) -> None:
        self._reader = SPOKEN[source].reader(maker)
        self._writer = HEARD[target].writer(client)
        self._names = names
        self._rest = b""
        self.trouble: str | None = None

    def whole(self, body: bytes) -> bytes:
        """A whole answer as the client's document. Raises `Broken`."""
        reply = collected(self._named(self._reader.whole(body)))
        if reply.failed is not None:
            raise Broken(_FAILED)
        return msgspec.json.encode(self._writer.whole(reply))

    def streamed(self, body: bytes) -> bytes:
        """A whole answer as a stream, for a client that asked for one. Raises `Broken`."""
        return self.retold(list(self._reader.whole(body)), stream=True)

    def retold(self, found: Iterable[Event], *, stream: bool) -> bytes:
        """Events that are known already, as a stream or as a document."""
        if stream:
            return b"".join(map(self._writer.event, self._named(found)))
        return msgspec.json.encode(self._writer.whole(collected(self._named(found))))

    def feed(self, chunk: bytes) -> bytes:
        """What the next bytes of a stream, cut anywhere, bring for the client."""
        data = self._rest + chunk if self._rest else chunk
        end = last_blank(data, len(self._rest) - 3)
        if end < 0:
            self._rest = data
            if len(data) > _LONGEST_EVENT:
                return self._broken(f"an event is longer than {_LONGEST_EVENT // 2**20} MiB")
            return b""
        self._rest = data[end:]
        return self._told(events(data[:end]))

    def close(self, why: str | None = None) -> bytes:
        """The end of the stream: an event whose blank line never came, or the news that it broke.

        `why` says that it did. Nothing where all has been said.
        """
        left, self._rest = self._rest, b""
        if self.trouble is not None:
            return b""
        if why is not None:
            return self._broken(why)
        told = self._told(events(left))
        if self.trouble is not None:
            return told
        try:
            return told + self._written(self._reader.close())
        except Broken as problem:
            return told + self._broken(str(problem))

    def _told(self, found: Iterable[bytes]) -> bytes:
        parts: list[bytes] = []
        for data in found:
            if self.trouble is not None:
                break
            try:
                parts.append(self._written(self._reader.event(data)))
            except Broken as problem:
                parts.append(self._broken(str(problem)))
        return b"".join(parts)

    def _written(self, found: Iterator[Event]) -> bytes:
        """What was said before a mistake is said all the same."""
        parts: list[bytes] = []
        try:
            for event in self._named(found):
                parts.append(self._writer.event(event))
                if isinstance(event, Failed):
                    self.trouble = _FAILED
                    break
        except Broken as problem:
            parts.append(self._broken(str(problem)))
        return b"".join(parts)

    def _broken(self, says: str) -> bytes:
        self.trouble = says
        told = f"rolecall: the answer of the provider broke off: {says}"
        return self._writer.event(Failed(says=told))

    def _named(self, found: Iterable[Event]) -> Iterator[Event]:
        """Calls by the names, namespaces and forms that the client gave its tools."""
        for event in found:
            if isinstance(event, Opened) and event.kind == "call":
                name, space, form = self._names.called(event.name)
                yield msgspec.structs.replace(event, name=name, namespace=space, form=form)
            else:
                yield event
