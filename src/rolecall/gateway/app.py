"""The ASGI application: hot endpoints by hand, the rest in Starlette, one table of errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers

from rolecall.errors import RolecallError, RouteError
from rolecall.gateway.answers import Send, answer, send_answer
from rolecall.gateway.hotpath import serve
from rolecall.gateway.intake import Receive
from rolecall.gateway.pages import pages
from rolecall.gateway.paths import TARGETS, dialect_of, split
from rolecall.gateway.state import Gateway

Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


def application(gateway: Gateway) -> Application:
    """What uvicorn calls for each request."""
    others = pages(gateway)

    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        try:
            workspace, rest = split(path)
            target = TARGETS.get(rest)
            if target is None:
                gateway.access.check(Headers(scope=scope))
                await others({**scope, "path": rest}, receive, send)
            elif scope["method"] == "POST":
                await serve(gateway, target, workspace, scope, receive, send)
            else:
                raise RouteError(f"{rest} takes POST, not {scope['method']}", status=405)
        except RolecallError as error:
            await send_answer(send, answer(error, dialect_of(path)))

    return app
