"""The way in: which page is where, who may open it, and how errors look on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from rolecall.config.known import Known
from rolecall.config.settings import Settings
from rolecall.dashboard import actions
from rolecall.dashboard.answers import HEADERS, as_file, html
from rolecall.dashboard.desk import Desk, desk
from rolecall.dashboard.feed import Feed
from rolecall.dashboard.shown import Shown
from rolecall.dashboard.templating import static, templates
from rolecall.dashboard.views.catalogue import catalogue
from rolecall.dashboard.views.decision import decision
from rolecall.dashboard.views.frontier import frontier
from rolecall.dashboard.views.habits import habits
from rolecall.dashboard.views.live import filter_of, live
from rolecall.dashboard.views.private import private
from rolecall.dashboard.views.sessions import session, sessions
from rolecall.dashboard.views.spending import spending
from rolecall.errors import AccessError, BodyError, RolecallError, RouteError
from rolecall.gateway.access import COOKIE, cookie_of, is_own, with_cookie
from rolecall.gateway.answers import status_of
from rolecall.gateway.listed import small
from rolecall.gateway.site import Site, Sites
from rolecall.gateway.state import Gateway

View = Callable[[Desk, Mapping[str, str]], Shown]
Named = Callable[[Desk, Mapping[str, str], str], Shown]
Endpoint = Callable[[Request], Awaitable[Response]]
_ENTRY = "/login"
_STATIC = "/static/"
_ICON = "/favicon.ico"
"""What browsers ask for beside a file that names no icon."""
_PAGE = "text/html"
_VIEWS: Mapping[str, View] = {
    "/": live,
    "/sessions": sessions,
    "/spending": spending,
    "/frontier": frontier,
    "/habits": habits,
    "/private": private,
    "/catalogue": catalogue,
}
_NAMED: Mapping[str, Named] = {"/decisions/{name}": decision, "/sessions/{name:path}": session}


def is_installed() -> bool:
    """Whether the extra `ui` is there."""
    return all(find_spec(name) is not None for name in ("altair", "jinja2", "vl_convert"))


def site(known: Known, settings: Settings, config: Path | None) -> Sites:
    """Makes the page of a gateway that runs with these settings."""

    def make(gateway: Gateway) -> Site:
        pages = Pages(desk(gateway, known, settings, config))
        return Site(
            routes=pages.routes(),
            entry=_ENTRY,
            is_open=lambda path: path in {_ENTRY, _ICON} or path.startswith(_STATIC),
            close=pages.desk.close,
        )

    return make


class Pages:
    """Answers requests for pages. Templates are loaded with the first of them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._feed = Feed(desk)
        self._static = static()

    @cached_property
    def _render(self) -> Callable[..., str]:
        return templates()

    def routes(self) -> list[Route]:
        return [
            *(Route(path, self._page(view), methods=["GET"]) for path, view in _VIEWS.items()),
            *(Route(path, self._named(view), methods=["GET"]) for path, view in _NAMED.items()),
            Route("/live", self._told(self.events), methods=["GET"]),
            Route("/overrides", self._told(self.override), methods=["POST"]),
            Route("/overrides/end", self._told(self.end), methods=["POST"]),
            Route(_ENTRY, self._told(self.ask_token), methods=["GET"]),
            Route(_ENTRY, self._told(self.take_token), methods=["POST"]),
            Route(_STATIC + "{name}", self._told(self.file), methods=["GET"]),
            Route(_ICON, self._told(self.icon), methods=["GET"]),
        ]

    def _page(self, view: View) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            query = request.query_params
            return await self._shown(request, lambda: view(self.desk, query))

        return self._told(endpoint)

    def _named(self, view: Named) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            name, query = request.path_params["name"], request.query_params
            return await self._shown(request, lambda: view(self.desk, query, name))

        return self._told(endpoint)

    async def _shown(self, request: Request, made: Callable[[], Shown]) -> Response:
        """Made in a thread: the event loop is for requests of models."""
        form = request.query_params.get("format", "")
        name = request.query_params.get("table") or request.query_params.get("chart") or ""

        def whole() -> Response:
            found = made()
            if form:
                return as_file(found, form, name, self.desk.artist)
            return html(self._html(found, request))

        return await run_in_threadpool(whole)

    def _html(self, found: Shown, request: Request) -> str:
        return self._render(
            found.template,
            title=found.title,
            data=found.data,
            tables=found.by_name,
            every=found.tables,
            charts={chart.name: chart for chart in found.charts},
            here=request.url.path,
            query=_without(request, "format", "table", "chart", "again"),
        )

    def _told(self, endpoint: Endpoint) -> Endpoint:
        """What is wrong, on a page for a browser; a program gets the gateway's own error."""

        async def told(request: Request) -> Response:
            try:
                return await endpoint(request)
            except RolecallError as error:
                if _PAGE not in request.headers.get("accept", ""):
                    raise
                values: dict[str, Any] = {"here": "", "says": str(error), "title": "Not here"}
                return html(self._render("error.html", **values), status_of(error))

        return told

    async def events(self, request: Request) -> Response:
        """The live feed."""
        since = request.headers.get("last-event-id") or request.query_params.get("after", "0")
        if not (since.isascii() and since.isdigit() and len(since) < 19):
            raise BodyError(f"after is {since!r}; give the number of a record")
        chosen = filter_of(request.query_params)
        events: AsyncIterator[bytes] = self._feed.listen(chosen, self._render, int(since))
        headers = HEADERS | {"x-accel-buffering": "no"}
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    async def override(self, request: Request) -> Response:
        form = await self._form(request)
        person = self.desk.gateway.access.check(with_cookie(request.headers))
        found = actions.override_of(form, self.desk, person)
        await run_in_threadpool(actions.keep, self.desk, found)
        return _back(form)

    async def end(self, request: Request) -> Response:
        form = await self._form(request)
        await run_in_threadpool(actions.end, self.desk, form)
        return _back(form)

    async def ask_token(self, _: Request) -> Response:
        """Ask for the token: also in place of any page that needs one."""
        status = 200 if self.desk.gateway.access.open else 401
        return html(self._render("login.html", title="Token", here="", wrong=False), status)

    async def take_token(self, request: Request) -> Response:
        """Keep the token in a cookie that scripts cannot read and other sites cannot send."""
        form = await self._form(request)
        token = form.get("token", "")
        try:
            self.desk.gateway.access.check({**request.headers, "x-rolecall-token": token})
        except AccessError:
            return html(self._render("login.html", title="Token", here="", wrong=True), 401)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(COOKIE, cookie_of(token), httponly=True, samesite="strict")
        return answer

    async def icon(self, _: Request) -> Response:
        return self._file("icon.svg")

    async def file(self, request: Request) -> Response:
        return self._file(request.path_params["name"])

    def _file(self, name: str) -> Response:
        found = self._static.get(name)
        if found is None:
            raise RouteError(f"there is no file {name!r}")
        headers = HEADERS | {"cache-control": "no-cache"}
        return Response(found[0], media_type=found[1], headers=headers)

    async def _form(self, request: Request) -> dict[str, str]:
        """A form of this page's own. Raises `AccessError` for one from elsewhere."""
        origin = request.headers.get("origin")
        if origin is not None and not is_own(origin, request.headers):
            raise AccessError(f"{origin!r} is not this page; nothing was changed", status=403)
        return actions.form_of(await small(request, "the body is a form of a few fields"))


def _back(form: Mapping[str, str]) -> Response:
    """To the page that the form stands on, and never to another host."""
    back = form.get("back", "/")
    is_ours = back.startswith("/") and not back.startswith(("//", "/\\"))
    return RedirectResponse(back if is_ours else "/", status_code=303)


def _without(request: Request, *names: str) -> str:
    """The query of an address without some of its parts, to go on with."""
    return urlencode([one for one in request.query_params.multi_items() if one[0] not in names])
