"""What the gateway says itself: errors, in the shape of the client's dialect."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from msgspec import Struct

from rolecall.errors import (
    AccessError,
    BodyError,
    LedgerError,
    NoDeployment,
    RolecallError,
    RouteError,
    UpstreamError,
)
from rolecall.gateway.headers import Header
from rolecall.types import Decision, Dialect
from rolecall.wire.faults import fault

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_JSON: Header = (b"content-type", b"application/json")
RETRY_AFTER = 5.0
"""Seconds that a client is told to wait where the provider did not say."""


class Answer(Struct, frozen=True, kw_only=True):
    """A whole answer of the gateway's own."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


_CODES: dict[type[RolecallError], str] = {
    BodyError: "bad_body",
    AccessError: "no_access",
    RouteError: "no_such_path",
    NoDeployment: "no_deployment",
    UpstreamError: "no_answer",
    LedgerError: "ledger_not_writable",
}
"""The one table from errors to the short word that clients see; statuses are below."""


def status_of(error: RolecallError) -> int:
    match error:
        case BodyError() | AccessError() | RouteError() | UpstreamError():
            return error.status
        case NoDeployment() | LedgerError():
            return 503
        case _:
            return 500


def answer(error: RolecallError, dialect: Dialect) -> Answer:
    """The error as an answer in the dialect's own shape."""
    status = status_of(error)
    code = next((word for kind, word in _CODES.items() if isinstance(error, kind)), "internal")
    body = fault(dialect, status, f"rolecall: {error}", code=code)
    headers: list[Header] = [_JSON, (b"content-length", str(len(body)).encode())]
    wait = error.retry_after if isinstance(error, NoDeployment) else None
    if wait is not None or status == 429:
        headers.append(retry_after(wait))
    if status == 408:
        headers.append((b"connection", b"close"))  # the rest of the body is not waited for
    return Answer(status=status, headers=tuple(headers), body=body)


def retry_after(seconds: float | None) -> Header:
    whole = math.ceil(RETRY_AFTER if seconds is None else max(seconds, 1))
    return (b"retry-after", str(whole).encode())


def decision_headers(
    decision: Decision, deployment: str | None, zone: str | None = None
) -> list[Header]:
    """What every answer says of its decision."""
    headers: list[Header] = [
        (b"x-rolecall-decision", decision.id.encode()),
        (b"x-rolecall-role", decision.role.encode()),
    ]
    if deployment is not None:
        headers.append((b"x-rolecall-deployment", deployment.encode("latin-1", "replace")))
    if zone is not None:
        headers.append((b"x-rolecall-zone", zone.encode("latin-1", "replace")))
    return headers


async def send_answer(send: Send, found: Answer, extra: Iterable[Header] = ()) -> None:
    headers = [*found.headers, *extra]
    await send({"type": "http.response.start", "status": found.status, "headers": headers})
    await send({"type": "http.response.body", "body": found.body, "more_body": False})
