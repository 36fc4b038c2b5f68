"""Everything that is not hot: greetings, health, model lists, recorded decisions."""

from __future__ import annotations

import re

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecall.errors import BodyError, RolecallError, RouteError
from rolecall.gateway.answers import answer
from rolecall.gateway.listed import as_json, lists
from rolecall.gateway.paths import dialect_of
from rolecall.gateway.reports import reports
from rolecall.gateway.site import Site
from rolecall.gateway.state import Gateway
from rolecall.gateway.views import decision_view, summary_view
from rolecall.ledger import outcomes
from rolecall.routing.progress import work_of

_HELLO = "rolecall is here; see /healthz and /v1/models"
_NO_PAGE = "its page needs the extra ui: pip install 'rolecall[ui]'"
_MOST = 1000
_LIMIT = re.compile(r"[0-9]{1,4}")


def pages(gateway: Gateway, site: Site | None) -> Starlette:
    """The routes that Starlette serves. Errors are raised; `app` answers them."""
    shown = [] if site is None else site.routes

    async def hello(_: Request) -> Response:
        return as_json({"message": _HELLO if site is not None else f"{_HELLO}; {_NO_PAGE}"})

    async def healthz(_: Request) -> Response:
        trouble = gateway.writer.trouble
        state = {
            "status": "ok" if trouble is None else "ledger",
            "detail": trouble,
            "unwell": {name: a.why for name, a in gateway.health.ailments().items()},
        }
        return as_json(state, status=200 if trouble is None else 503)

    def recent(request: Request) -> Response:
        limit = _limit(request.query_params.get("limit", "20"))
        return as_json([summary_view(found) for found in gateway.ledger.newest(limit)])

    def one(request: Request) -> Response:
        found = gateway.ledger.find(request.path_params["id"])
        if len(found) != 1:
            says = "names several decisions" if found else "names no decision"
            raise RouteError(f"{request.path_params['id']!r} {says}; see /rolecall/decisions")
        snapshot = gateway.ledger.snapshot(found[0].decision.snapshot)
        told = outcomes.of(gateway.ledger, work_of(found[0]))
        return as_json(decision_view(found[0], snapshot, told))

    found = Starlette(
        routes=[
            *shown,
            Route("/", hello, methods=["GET"]),
            Route("/api/hello", hello, methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
            *lists(gateway),
            *reports(gateway),
            Route("/rolecall/decisions", recent, methods=["GET"]),
            Route("/rolecall/decisions/{id}", one, methods=["GET"]),
        ],
        exception_handlers={RolecallError: _own_error, HTTPException: _http_error},
    )
    found.router.redirect_slashes = False  # a redirect would lose the workspace
    return found


def _own_error(request: Request, error: Exception) -> Response:
    """Errors in the shape of the dialect that the path belongs to."""
    assert isinstance(error, RolecallError)  # noqa: S101 (registered for this class alone)
    found = answer(error, dialect_of(request.url.path))
    headers = {name.decode(): value.decode() for name, value in found.headers}
    return Response(found.body, status_code=found.status, headers=headers)


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    says = f"{request.method} {request.url.path} is not served here; see the README for what is"
    return _own_error(request, RouteError(says, status=status))


def _limit(text: str) -> int:
    if _LIMIT.fullmatch(text) is None or not 1 <= int(text) <= _MOST:
        raise BodyError(f"limit is {text!r}; give a number from 1 to {_MOST}")
    return int(text)
