"""A model provider that answers at once and thinks nothing. It listens on 127.0.0.1 alone.

The header `x-bench-answer` says how: `json` for one document, `burst` for a stream in one go,
`paced` for a stream with a pause before each chunk. Bodies are counted, never read.

Usage: python -m benchmarks.upstream PORT
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from typing import Any, cast

import msgspec
import uvloop

from benchmarks.bodies import MODEL

BURST = 200
"""Chunks of a stream in one go."""
PACED = 100
PAUSE = 0.005
"""Seconds before each chunk of a paced stream."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ANSWER = re.compile(rb"\r\nx-bench-answer: *(\w+)", re.IGNORECASE)
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n"
)
_TEXT = (
    "The cache key leaves out the tenant, so two tenants share an entry. I added it to build_key, "
    "wrote a test that fails without it, and ran the suite: 214 tests pass."
)


def _whole(path: bytes) -> dict[str, Any]:
    """The answer of one dialect as a single document, with its usage."""
    if path.endswith(b"/messages"):
        content = [{"type": "text", "text": _TEXT}]
        usage = {"input_tokens": 1200, "output_tokens": 80}
        head: dict[str, Any] = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": MODEL,
        }
        return {**head, "content": content, "stop_reason": "end_turn", "usage": usage}
    if path.endswith(b"/responses"):
        text = {"type": "output_text", "text": _TEXT, "annotations": []}
        item = {"type": "message", "id": "msg_1", "role": "assistant", "content": [text]}
        usage = {"input_tokens": 1200, "output_tokens": 80, "total_tokens": 1280}
        head = {"id": "resp_1", "object": "response", "status": "completed", "model": MODEL}
        return {**head, "output": [item], "usage": usage}
    message = {"role": "assistant", "content": _TEXT}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1200, "completion_tokens": 80, "total_tokens": 1280}
    head = {"id": "chat_1", "object": "chat.completion", "created": 1, "model": MODEL}
    return {**head, "choices": [choice], "usage": usage}


def _events(path: bytes, chunks: int) -> Iterator[bytes]:
    """The stream of one dialect, an item for each chunk; the last ones bring usage and end."""
    if path.endswith(b"/messages"):
        start = {**_whole(path), "content": []}
        yield _event({"type": "message_start", "message": start})
        delta = {"type": "text_delta", "text": " token"}
        yield from [_event({"type": "content_block_delta", "index": 0, "delta": delta})] * chunks
        last = {"stop_reason": "end_turn"}
        yield _event({"type": "message_delta", "delta": last, "usage": {"output_tokens": 80}})
        yield _event({"type": "message_stop"})
        return
    if path.endswith(b"/responses"):
        yield _event({"type": "response.created", "response": {"id": "resp_1", "model": MODEL}})
        step = {"type": "response.output_text.delta", "item_id": "msg_1", "delta": " token"}
        yield from [_event(step)] * chunks
        yield _event({"type": "response.completed", "response": _whole(path)})
        return
    head = {"id": "chat_1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
    delta_choice = {"index": 0, "delta": {"content": " token"}, "finish_reason": None}
    yield from [_event({**head, "choices": [delta_choice]})] * chunks
    yield _event({**head, "choices": [], "usage": _whole(path)["usage"]})
    yield b"data: [DONE]\n\n"


def _event(fields: dict[str, Any]) -> bytes:
    """Dialects that type their events name the type twice, as their providers do."""
    name = f"event: {fields['type']}\n".encode() if "type" in fields else b""
    return name + b"data: " + msgspec.json.encode(fields) + b"\n\n"


def _chunked(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Script:
    """All answers of one path, made once."""

    def __init__(self, path: bytes) -> None:
        document = msgspec.json.encode(_whole(path))
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        self.json = head % len(document) + document
        self.burst = b"".join(
            (_STREAM_HEAD, *map(_chunked, _events(path, BURST)), b"0\r\n\r\n"),
        )
        self.paced = [*map(_chunked, _events(path, PACED)), b"0\r\n\r\n"]


class Upstream(asyncio.Protocol):
    """One connection, one request at a time, as HTTP/1.1 clients with a pool use it."""

    def __init__(self, scripts: dict[bytes, Script]) -> None:
        self._scripts = scripts
        self._head = b""
        self._missing = 0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not subclasses

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            head, end, rest = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            length = _LENGTH.search(head)
            self._head = head
            self._missing = (int(length[1]) if length else 0) - len(rest)
        if self._missing == 0:
            self._answer()

    def _answer(self) -> None:
        path = self._head.split(b" ", 2)[1]
        how = _ANSWER.search(self._head)
        self._head = b""
        if path not in self._scripts:
            self._scripts[path] = Script(path)
        script = self._scripts[path]
        match how[1] if how else b"json":
            case b"burst":
                self._transport.write(script.burst)
            case b"paced":
                self._transport.write(_STREAM_HEAD)
                self._pace(iter(script.paced))
            case _:
                self._transport.write(script.json)

    def _pace(self, chunks: Iterator[bytes]) -> None:
        chunk = next(chunks, None)
        if chunk is not None and not self._transport.is_closing():
            self._transport.write(chunk)
            asyncio.get_running_loop().call_later(PAUSE, self._pace, chunks)


async def serve(port: int) -> None:
    scripts: dict[bytes, Script] = {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Upstream(scripts), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
