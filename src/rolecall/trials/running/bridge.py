"""The one way out of a run: a socket that speaks to the gateway and to nobody else.

Whatever a client asks for, the candidate of the run is asked. Every call bears the run's mark, so
that the ledger knows whose it was, and none is made beyond the run's limits.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterable, MutableMapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import uvicorn
from msgspec import Struct
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from rolecall.config.settings import TimeoutSettings
from rolecall.egress.door import LIST, Door, Parcel, Reply, Target
from rolecall.errors import BodyError, UpstreamError, UpstreamFailure
from rolecall.gateway.headers import Header, inbound, outbound
from rolecall.gateway.intake import ClientLeft, Receive
from rolecall.gateway.paths import target_of
from rolecall.privacy.verdict import clear_own
from rolecall.spoken.figures import dollars
from rolecall.types import Provider
from rolecall.types.trials import Stop
from rolecall.wire.encoding import decompress
from rolecall.wire.faults import fault
from rolecall.wire.readdress import readdress

_LARGEST = 32 * 1024 * 1024
"""Bytes of a request."""
_SILENCE = 3600.0
"""Seconds: how long a provider may say nothing is the gateway's to decide."""
_TOLD = 2000
"""Bytes of an answer that says no, from which is told why."""
_TROUBLES = 6
"""Calls in a row that bring no answer, after which nobody waits for one."""
_NO_ANSWER = frozenset({401, 402, 403, 404, 408, 429})
"""What a provider says where the candidate had no chance to answer, beside all from 500 on."""
_OWN = "rolecall: "
"""How the gateway begins what it says itself."""
_NO = "the provider says no; the log tells its words"
_LINES = ("/", "/api/hello")
"""What clients ask to see whether somebody is there."""


class Pin(Struct, frozen=True, kw_only=True):
    """Who is asked, and where: the gateway's address with the workspace, if there is one.

    `mark` goes into the decision of every call. `token` is what the gateway asks for. `session` is
    stated for an agent that states none itself.
    """

    gateway: str
    deployment: str
    mark: str
    workspace: str | None = None
    token: str | None = None
    session: str = ""
    local: bool = True
    """The gateway is on this machine, and an address elsewhere is refused."""

    @property
    def root(self) -> str:
        return self.gateway if self.workspace is None else f"{self.gateway}/w/{self.workspace}"


class Allowance(Struct, frozen=True, kw_only=True):
    """What a run may ask: calls, and USD where there is a limit."""

    calls: int
    spend: Decimal | None = None


class Ended(Struct, frozen=True, kw_only=True):
    """Why the bridge has ended a run."""

    stop: Stop
    says: str


class _Told(Struct, frozen=True, kw_only=True):
    """What is read of a decision: what its call cost."""

    cost: Decimal | None = None


_told = msgspec.json.Decoder(_Told)


class Bridge:
    """Serves a Unix socket on a thread of its own for the length of a block.

    `halt` can be read once the run has to end; `ended` says why, `trouble` how the last call ended
    that brought no answer. `words` is what a provider said of that: for the run's log alone, as it
    may quote what was asked, and what is said of a run stands in the ledger.
    """

    def __init__(self, place: Path, pin: Pin, allowance: Allowance) -> None:
        self._pin, self._allowance = pin, allowance
        zone = "local" if pin.local else "any"
        self._provider = Provider(name="the trial's gateway", endpoints={}, zone=zone)
        self.calls = 0
        self.spent = Decimal(0)
        self.ended: Ended | None = None
        self.trouble = self.words = ""
        self._troubles = 0
        self._settling: set[asyncio.Task[None]] = set()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(place))
        self._socket.listen()
        self.halt, self._end = os.pipe()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="bridge", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        for one in (self.halt, self._end):
            os.close(one)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listen())

    async def _listen(self) -> None:
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
        )
        config.load()
        state = ServerState()
        async with Door({}, TimeoutSettings(silence=_SILENCE)) as self._door:
            server = await self._loop.create_server(
                lambda: HttpToolsProtocol(config=config, server_state=state, app_state={}),
                sock=self._socket,
            )
            await self._over.wait()
            server.close()
            for task in (*state.tasks, *self._settling):
                task.cancel()

    # --- one request -------------------------------------------------------------------------

    async def _serve(self, scope: MutableMapping[str, Any], receive: Receive, send: Any) -> None:
        path, method = scope["path"], scope["method"]
        target = target_of(path)
        if method == "GET" and path == "/v1/models":
            await self._list(send)
        elif method in {"GET", "HEAD"} and path in _LINES:
            await _say(send, 200, b"{}")
        elif method != "POST" or target is None or target.model is not None:
            await _say(send, 404, b'{"error": {"message": "a trial has no such endpoint"}}')
        else:
            try:
                counts = target.endpoint == "generate"
                refusal = await self._refusal() if counts else None
                if refusal is not None:
                    says = f"rolecall: {refusal.says}"
                    body = fault(target.dialect, 403, says, code="trial_over")
                    await _say(send, 403, body)
                    return
                self.calls += counts
                await self._pass(scope, await _body(receive), send, path)
            except BodyError as error:
                await _say(send, 400, fault(target.dialect, 400, str(error), code="bad_body"))
            except ClientLeft:
                return

    async def _refusal(self) -> Ended | None:
        """Why no further call is made. What earlier ones cost is waited for."""
        if self._settling:
            await asyncio.wait(self._settling)
        limit = self._allowance.spend
        if self.ended is None and self.calls >= self._allowance.calls:
            self.end("calls", f"it had made the {self.calls} calls that it may")
        if self.ended is None and limit is not None and self.spent >= limit:
            self.end("spend", f"it had spent {dollars(self.spent)} of {dollars(limit)}")
        return self.ended

    async def _pass(
        self, scope: MutableMapping[str, Any], body: bytes, send: Any, path: str
    ) -> None:
        pin = self._pin
        encoding = _header(scope["headers"], b"content-encoding")
        if encoding is not None:
            body = decompress(body, encoding.decode("latin-1"), limit=_LARGEST)
        parcel = Parcel(_headers(scope["headers"], pin), readdress(body, pin.deployment))
        target = Target(pin.root + path, scope["query_string"])
        try:
            reply = await self._door.post(clear_own(), self._provider, target, parcel)
        except UpstreamFailure as error:
            self.end("lost", str(error))
            await _say(send, 502, b"{}")
            return
        decision = _header(reply.headers, b"x-rolecall-decision")
        who = (_header(reply.headers, b"x-rolecall-deployment") or b"").decode("latin-1")
        if who not in {"", pin.deployment}:
            self.end("refused", f"{who} answers in place of {pin.deployment}")
        try:
            beginning = await _stream(reply, send)
        except UpstreamFailure as error:
            self.end("lost", str(error))
            raise
        finally:
            reply.release()
            if decision:
                task = asyncio.ensure_future(self._settle(decision.decode()))
                self._settling.add(task)
                task.add_done_callback(self._settling.discard)
        self._note(reply, beginning)

    def _note(self, reply: Reply, beginning: bytes) -> None:
        """Whether the candidate was heard. Where nobody may answer, or does, the run ends."""
        if reply.status < 500 and reply.status not in _NO_ANSWER:
            self._troubles, self.trouble, self.words = 0, "", ""
            return
        self._troubles += 1
        reason = _reason(beginning)
        own = reason.startswith(_OWN)
        self.trouble = f"{reply.status}: {reason if own else _NO}"
        self.words = "" if own else reason
        passes = reply.status != 503 or _header(reply.headers, b"retry-after") is not None
        if not passes or self._troubles >= _TROUBLES:
            self.end("refused", self.trouble)

    async def _settle(self, decision: str) -> None:
        """What the call cost. Its record was written before its last byte was sent."""
        url = f"{self._pin.gateway}/rolecall/decisions/{decision}"
        try:
            found = await self._door.get(
                clear_own(), self._provider, url, bounds=LIST, headers=_token(self._pin)
            )
            told = _told.decode(found)
        except (UpstreamError, msgspec.DecodeError) as error:
            self.end("lost", f"what a call cost cannot be read: {error}")
            return
        if told.cost is not None:
            self.spent += told.cost
        elif self._allowance.spend is not None and not self.trouble:
            self.end("refused", f"the price of {self._pin.deployment} is unknown")

    def end(self, stop: Stop, says: str) -> None:
        """The first reason counts."""
        if self.ended is None:
            self.ended = Ended(stop=stop, says=says)
            os.write(self._end, b".")

    async def _list(self, send: Any) -> None:
        url = f"{self._pin.root}/v1/models"
        try:
            found = await self._door.get(
                clear_own(), self._provider, url, bounds=LIST, headers=_token(self._pin)
            )
        except UpstreamError as error:
            self.end("lost", str(error))
            found = b"{}"
        await _say(send, 200, found)


def _headers(given: Iterable[Header], pin: Pin) -> list[Header]:
    """A client's own, without its key and without anything that it says to rolecall."""
    kept = outbound(given, own_credentials=False)
    if pin.session and not any(name == b"x-session-id" for name, _ in kept):
        kept.append((b"x-session-id", pin.session.encode()))
    return [*kept, (b"x-rolecall-why", pin.mark.encode()), *_token(pin)]


def _token(pin: Pin) -> list[Header]:
    return [] if pin.token is None else [(b"x-rolecall-token", pin.token.encode())]


def _header(headers: Iterable[Header], wanted: bytes) -> bytes | None:
    return next((value for name, value in headers if name == wanted), None)


async def _body(receive: Receive) -> bytes:
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        parts += message.get("body", b"")
        if len(parts) > _LARGEST:
            raise BodyError("the request is larger than 32 MiB", status=413)
        if not message.get("more_body", False):
            return bytes(parts)


async def _stream(reply: Reply, send: Any) -> bytes:
    """Pass an answer on as it comes; its beginning is returned."""
    headers = inbound(reply.headers)
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    beginning = bytearray()
    while chunk := await reply.read():
        beginning += chunk[: _TOLD - len(beginning)] if len(beginning) < _TOLD else b""
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    return bytes(beginning)


async def _say(send: Any, status: int, body: bytes) -> None:
    length = str(len(body)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Fault(Struct, frozen=True):
    message: str = ""


class _Faults(Struct, frozen=True):
    error: _Fault = _Fault()


def _reason(beginning: bytes) -> str:
    """What an error says, in one line; every dialect has its message at the same place."""
    try:
        says = msgspec.json.decode(beginning, type=_Faults).error.message
    except (msgspec.DecodeError, UnicodeDecodeError):
        says = beginning.decode("utf-8", "replace")
    return " ".join(says.split())[:300]
