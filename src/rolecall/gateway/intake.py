"""From an ASGI request to a `types.Request`: body, facts, signals."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from msgspec import Struct

from rolecall.errors import BodyError
from rolecall.gateway.paths import Target
from rolecall.routing.roles import AUTO, OWN_PREFIX, own_role
from rolecall.routing.signals import Recogniser, recognise
from rolecall.types import ROLES, Request, Role
from rolecall.wire.dialects import WIRES
from rolecall.wire.encoding import decompress, too_large
from rolecall.wire.parsed import Parsed

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_LONGEST_WHY = 200
_ANSWER = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
_LONGEST_MODEL = 500


class ClientLeft(Exception):
    """The client went away before it had its answer."""


class Limits(Struct, frozen=True, kw_only=True):
    """`body` in bytes, `patience` in seconds without a byte of the body."""

    body: int
    patience: float


class Taken(Struct, frozen=True, kw_only=True):
    """A request taken in. `body` is plain JSON; `thread` names its history."""

    request: Request
    body: bytes
    thread: str


async def take(
    target: Target,
    workspace: str | None,
    headers: Mapping[str, str],
    receive: Receive,
    *,
    limits: Limits,
    by: Recogniser,
) -> Taken:
    """Read, decompress and parse. Raises `RequestError` with what is wrong, `ClientLeft`."""
    _check_length(headers, limits.body)
    body = await _read_body(receive, limits)
    encoding = headers.get("content-encoding")
    if encoding is not None:
        body = decompress(body, encoding, limit=limits.body)
    return understand(target, workspace, headers, body, by)


def understand(
    target: Target,
    workspace: str | None,
    headers: Mapping[str, str],
    body: bytes,
    by: Recogniser,
) -> Taken:
    """The facts of a plain JSON body. Does no I/O; raises `BodyError`."""
    parsed = WIRES[target.dialect].parse(body)
    if target.model is not None:
        parsed.model, parsed.stream = target.model, target.stream is True
    _check_model(parsed.model)
    found = recognise(headers, parsed, workspace, by)
    request = Request(
        dialect=target.dialect,
        endpoint=target.endpoint,
        workspace=workspace,
        asked_model=parsed.model,
        asked_role=_asked_role(headers),
        why=headers.get("x-rolecall-why", "")[:_LONGEST_WHY] or None,
        stream=parsed.stream,
        body_bytes=len(body),
        messages=parsed.count,
        tools=len(parsed.tools),
        max_tokens=parsed.max_tokens,
        loop_open=parsed.tail.loop_open,
        trajectory=found.trajectory,
        thoughts=parsed.thoughts,
        continues=_continues(parsed),
        fills="completes" in parsed.fields and parsed.fields["completes"] is not None,
        signals=found.signals,
    )
    return Taken(request=request, body=body, thread=found.thread)


def _continues(parsed: Parsed) -> str | None:
    """The answer it goes on with, where that is an id: it is recorded with the request."""
    found = parsed.fields.get("previous_response_id")
    return found if isinstance(found, str) and _ANSWER.fullmatch(found) else None


def _check_length(headers: Mapping[str, str], limit: int) -> None:
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise too_large(limit)


async def _read_body(receive: Receive, limits: Limits) -> bytes:
    parts: list[bytes] = []
    size = 0
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(limits.patience) as deadline:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientLeft
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > limits.body:
                    raise too_large(limits.body)
                if not message.get("more_body", False):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
                deadline.reschedule(loop.time() + limits.patience)
    except TimeoutError as error:
        says = f"no byte of the body came for {limits.patience:g} s; send it whole"
        raise BodyError(says, status=408) from error


def _check_model(name: str) -> None:
    """Names of rolecall's own are checked; any other name is somebody's model.

    It goes into headers, the ledger and terminals, so it is a line of text of a sane length.
    """
    if len(name) > _LONGEST_MODEL or not name.isprintable():
        says = f"the model's name is not a line of text of at most {_LONGEST_MODEL} characters"
        raise BodyError(says)
    if name.startswith(OWN_PREFIX) and name != AUTO and own_role(name) is None:
        valid = ", ".join([AUTO, *(OWN_PREFIX + role for role in ROLES)])
        raise BodyError(f"there is no model {name!r}; rolecall's own are {valid}", status=404)


def _asked_role(headers: Mapping[str, str]) -> Role | None:
    text = headers.get("x-rolecall-role")
    if text is None or text == "auto":
        return None
    for role in ROLES:
        if role == text:
            return role
    raise BodyError(f"the header x-rolecall-role says {text!r}; roles are {', '.join(ROLES)}")
