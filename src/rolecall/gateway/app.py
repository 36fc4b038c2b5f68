"""The ASGI application: hot endpoints by hand, the rest in Starlette, one table of errors."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers

from rolecall.errors import AccessError, RolecallError, RouteError
from rolecall.gateway.access import Access, with_cookie
from rolecall.gateway.answers import Send, answer, send_answer
from rolecall.gateway.hotpath import serve
from rolecall.gateway.intake import Receive
from rolecall.gateway.pages import pages
from rolecall.gateway.paths import dialect_of, split, target_of
from rolecall.gateway.site import Site
from rolecall.gateway.state import Gateway
from rolecall.types import Dialect

_LOG = logging.getLogger("rolecall")
_DEFECT = "this is a defect of rolecall; its place in the code was printed where it runs"
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


def application(gateway: Gateway, site: Site | None = None) -> Application:
    """What uvicorn calls for each request. `site` is the page, where it is installed."""
    others = pages(gateway, site)

    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        try:
            workspace, rest = split(path)
            target = target_of(rest)
            if target is None:
                rest = _admitted(gateway.access, rest, scope, site)
                await others({**scope, "path": rest}, receive, send)
            elif scope["method"] == "POST":
                await serve(gateway, target, workspace, scope, receive, send)
            else:
                await send_answer(send, answer(_only_post(rest, scope), target.dialect))
        except RolecallError as error:
            await send_answer(send, answer(error, dialect_of(path)))
        except Exception as error:  # noqa: BLE001 (the HTTP edge: no defect may end in silence)
            _LOG.error("%s at %s\n%s", type(error).__name__, path, _where(error))
            await _apologise(send, dialect_of(path))

    return app


def _admitted(access: Access, path: str, scope: MutableMapping[str, Any], site: Site | None) -> str:
    """The path to be served: a browser that has shown no token is asked for it.

    Raises `AccessError` for others.
    """
    headers = Headers(scope=scope)
    if site is not None and site.is_open(path):
        access.visit(headers)
        return path
    try:
        access.check(with_cookie(headers))
    except AccessError as error:
        if site is None or error.status != 401 or "text/html" not in headers.get("accept", ""):
            raise
        return site.entry
    return path


def _only_post(path: str, scope: MutableMapping[str, Any]) -> RouteError:
    """405; 426 for a WebSocket, after which Codex turns to POST at once instead of trying again."""
    upgrades = any(name == b"upgrade" for name, _ in scope["headers"])
    says = f"{path} takes POST, not {scope['method']}"
    return RouteError(says, status=426 if upgrades else 405)


async def _apologise(send: Send, dialect: Dialect) -> None:
    """Answer 500; where an answer has begun, leave it visibly incomplete."""
    try:
        await send_answer(send, answer(RolecallError(_DEFECT), dialect))
    except RuntimeError:
        return


def _where(error: Exception) -> str:
    """The places in the code, and never the message: it may quote what a client sent."""
    return "".join(traceback.format_tb(error.__traceback__))
