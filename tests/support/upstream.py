"""A scripted model server on a real loopback socket: it says what a test tells it to say.

It speaks every dialect, whole and streamed, under any path prefix, and keeps every request
it received with the exact bytes it sent back. Use it as a context manager: it runs in a thread of
its own and is gone at the end of the block.

    with Upstream(say("hello")) as upstream:
        ...  # point something at upstream.base_url
        assert upstream.received[0].model == "code-model"
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from msgspec import Struct

from support.answers import Answer, Received, Script, Spoken, decode_json, say
from support.dialects import chat, fills, gemini, messages, ollama, responses
from support.dialects.sse import compact


class Speech(Struct, frozen=True):
    """How one dialect says things."""

    document: Callable[[Answer, Received], dict[str, Any]]
    events: Callable[[Answer, Received], Iterator[bytes]]
    error: Callable[[int, str], dict[str, Any]]


SPEECH: dict[Spoken, Speech] = {
    "openai.chat": Speech(chat.document, chat.events, chat.error),
    "openai.responses": Speech(responses.document, responses.events, chat.error),
    "anthropic.messages": Speech(messages.document, messages.events, messages.error),
    "google.gemini": Speech(gemini.document, gemini.events, gemini.error),
    "ollama.chat": Speech(ollama.document, ollama.events, ollama.error),
    "ollama.generate": Speech(ollama.document, ollama.events, ollama.error),
    "openai.completions": Speech(fills.document, fills.events, chat.error),
    "mistral.fim": Speech(chat.document, partial(chat.events, counted=True), chat.error),
}
BODY_LIMIT = 64 * 1024 * 1024
FAR_TOO_LATE = 3600.0
"""How long `slow-first-byte` waits where the answer names no time; the end of the test ends it."""


class Upstream:
    """The server. `received` grows by one for each request, at its arrival."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        models: tuple[str, ...] = ("plan-model", "review-model", "code-model", "fast-model"),
        host: str = "127.0.0.1",
    ) -> None:
        self.host = host
        self.script = script or say("Done.")
        self.models = models
        self.received: list[Received] = []
        self.port = 0
        self._failures: list[BaseException] = []
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upstream", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def asked(self) -> list[Received]:
        """The requests that asked for an answer of a model, in order of arrival."""
        return [received for received in self.received if received.dialect is not None]

    def wait_for(self, wanted: Callable[[list[Received]], bool], seconds: float = 10.0) -> None:
        """Return when `wanted` holds of what was received; raise when it does not in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: wanted(self.received), seconds):
                raise TimeoutError(f"not seen in {seconds} s; received {len(self.received)}")

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self.port == 0:
            raise RuntimeError("the scripted upstream did not start") from self._failures[0]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if problem is None and self._failures:
            raise self._failures[0]

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as problem:  # noqa: BLE001 - the test's thread raises it
            self._failures.append(problem)
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        application = web.Application(client_max_size=BODY_LIMIT)
        application.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(
            application,
            handler_cancellation=True,
            auto_decompress=False,
            access_log=None,
            shutdown_timeout=0.1,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, 0).start()
            self.port = runner.addresses[0][1]
            self._ready.set()
            await self._stop.wait()
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        received = await self._note(request)
        try:
            response = await self._respond(request, received)
        except asyncio.CancelledError:
            received.client_left = True
            raise
        except ConnectionError:
            received.client_left = True
            return _drop(request)
        except Exception as problem:
            self._failures.append(problem)
            raise
        finally:
            self._tell()
        return response

    async def _note(self, request: web.Request) -> Received:
        body = await request.read()
        received = Received(
            index=len(self.received),
            method=request.method,
            path=request.rel_url.raw_path,
            query=request.rel_url.raw_query_string,
            headers=[(k.decode("latin-1"), v.decode("latin-1")) for k, v in request.raw_headers],
            body=body,
            json=decode_json(body, request.headers.get("Content-Encoding")),
        )
        self.received.append(received)
        self._tell()
        return received

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    async def _respond(self, request: web.Request, received: Received) -> web.StreamResponse:
        if received.method != "POST":
            return _whole(received, 200, self._listing(received))
        if received.path.endswith("/count_tokens"):
            return _whole(received, 200, {"input_tokens": len(received.body) // 4})
        if received.dialect is None or not isinstance(received.json, dict):
            return _whole(received, 404, chat.error(404, "no such endpoint here"))
        return await self._answer(request, received, self.script(received))

    async def _answer(
        self, request: web.Request, received: Received, answer: Answer
    ) -> web.StreamResponse:
        assert received.dialect is not None
        speech = SPEECH[received.dialect]
        late = FAR_TOO_LATE if answer.fault == "slow-first-byte" else 0.0
        await self._pause(answer.first_byte_after or late)
        match answer.fault:
            case "refuse":
                return _drop(request)
            case "429" | "429-retry-after" | "500":
                status = int(answer.fault[:3])
            case _:
                status = answer.status
        if status != 200:
            retry = {"Retry-After": "1"} if answer.fault == "429-retry-after" else {}
            text = answer.text or f"scripted {status}"
            return _whole(received, status, speech.error(status, text), retry)
        if received.stream:
            return await self._stream(request, received, answer, speech)
        document = compact(speech.document(answer, received)).encode()
        return await _send_document(request, received, document, answer)

    async def _stream(
        self, request: web.Request, received: Received, answer: Answer, speech: Speech
    ) -> web.StreamResponse:
        lines = received.dialect in ("ollama.chat", "ollama.generate")
        kind = "application/x-ndjson" if lines else "text/event-stream"
        response = web.StreamResponse(headers=_headers(received, kind))
        response.enable_chunked_encoding()
        received.status = 200
        await response.prepare(request)
        events = list(speech.events(answer, received))
        async for event in self._paced(events, answer):
            await response.write(event)
            received.sent += event
        if answer.fault == "cut-stream":
            return _drop(request)
        await response.write_eof()
        received.finished = True
        return response

    async def _paced(self, events: list[bytes], answer: Answer) -> AsyncIterator[bytes]:
        for place, event in enumerate(_with_fault(events, answer)):
            if place:
                await self._pause(answer.event_every)
            yield event

    async def _pause(self, seconds: float) -> None:
        """Wait as asked, but not beyond the end of the test."""
        if seconds and self._stop is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), seconds)

    def _listing(self, received: Received) -> dict[str, Any]:
        if not received.path.endswith("/models"):
            return {"status": "ok"}
        if received.header("anthropic-version"):
            entries = [_anthropic_model(name) for name in self.models]
            ends = {"first_id": self.models[0], "last_id": self.models[-1]}
            return {"data": entries, "has_more": False, **ends}
        listed = [
            {"id": name, "object": "model", "created": chat.CREATED, "owned_by": "scripted"}
            for name in self.models
        ]
        return {"object": "list", "data": listed}


def _with_fault(events: list[bytes], answer: Answer) -> Iterator[bytes]:
    """The events as they go out: half of them, or with one that is broken after the half."""
    half = max(1, len(events) // 2)
    yield from events[:half]
    if answer.fault == "cut-stream":
        return
    if answer.fault == "malformed-event":
        yield b'data: {"scripted": "this JSON never ends\n\n'
    yield from events[half:]


def _headers(received: Received, content_type: str) -> dict[str, str]:
    identity = f"req_scripted{received.index:04}"
    own = "request-id" if received.dialect == "anthropic.messages" else "x-request-id"
    return {"Content-Type": content_type, "Cache-Control": "no-cache", own: identity}


def _anthropic_model(name: str) -> dict[str, str]:
    born = "2026-01-01T00:00:00Z"
    return {"type": "model", "id": name, "display_name": name, "created_at": born}


def _drop(request: web.Request) -> web.StreamResponse:
    """End the connection with no further word, as a crashed server does."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _whole(
    received: Received,
    status: int,
    document: dict[str, Any],
    headers: dict[str, str] | None = None,
) -> web.StreamResponse:
    body = compact(document).encode()
    received.status, received.sent, received.finished = status, body, True
    head = {**_headers(received, "application/json"), **(headers or {})}
    return web.Response(status=status, body=body, headers=head)


async def _send_document(
    request: web.Request, received: Received, document: bytes, answer: Answer
) -> web.StreamResponse:
    if answer.fault == "malformed-event":
        document = document[: len(document) // 2]
    if answer.fault != "cut-stream":
        received.status, received.sent, received.finished = 200, document, True
        return web.Response(body=document, headers=_headers(received, "application/json"))
    response = web.StreamResponse(headers=_headers(received, "application/json"))
    response.content_length = len(document)
    received.status, received.sent = 200, document[: len(document) // 2]
    await response.prepare(request)
    await response.write(received.sent)
    return _drop(request)
