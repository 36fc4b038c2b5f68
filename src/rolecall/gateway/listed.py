"""The models that one can ask for, as each dialect lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecall.errors import BodyError, RouteError
from rolecall.gateway.state import Gateway
from rolecall.routing.roles import AUTO, OWN_PREFIX
from rolecall.types import ROLES, Snapshot
from rolecall.wire.parsed import decode

_CREATED = "2026-01-01T00:00:00Z"
_CREATED_UNIX = 1767225600
"""Clients want a date on each model; a name that the user chose has none."""
_SMALL = 64 * 1024
"""Bytes of a body that asks for one model, or tells one outcome."""
OLLAMA_VERSION = "0.13.5"
"""The version of Ollama's API that is spoken here; Codex asks for 0.13.4 at least."""


def lists(gateway: Gateway) -> list[Route]:
    """Where they are listed."""

    async def models(request: Request) -> Response:
        return as_json(models_view(gateway.world, request.headers, request.query_params))

    async def gemini(_: Request) -> Response:
        return as_json(gemini_models(gateway.world))

    async def tags(_: Request) -> Response:
        return as_json(ollama_models(gateway.world))

    async def show(request: Request) -> Response:
        body = await small(request, "the body names one model")
        return as_json(ollama_model(body, gateway.world))

    async def version(_: Request) -> Response:
        return as_json({"version": OLLAMA_VERSION})

    return [
        Route("/v1/models", models, methods=["GET"]),
        Route("/v1beta/models", gemini, methods=["GET"]),
        Route("/api/tags", tags, methods=["GET"]),
        Route("/api/show", show, methods=["POST"]),
        Route("/api/version", version, methods=["GET"]),
    ]


async def small(request: Request, says: str) -> bytes:
    """A body of a few words. Raises `BodyError`, with what it is, before more is in memory."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _SMALL:
            raise BodyError(f"{says}; send at most {_SMALL // 1024} KiB", status=413)
    return body


def as_json(value: Any, *, status: int = 200) -> Response:
    body = msgspec.json.encode(value)
    return Response(body, status_code=status, media_type="application/json")


def _names(snapshot: Snapshot) -> list[str]:
    return [AUTO, *(OWN_PREFIX + role for role in ROLES), *snapshot.deployments]


def models_view(
    snapshot: Snapshot, headers: Mapping[str, str], query: Mapping[str, str]
) -> dict[str, Any]:
    """The models one can ask for, in the shape that the asking client expects."""
    names = _names(snapshot)
    if "anthropic-version" in headers:
        return _anthropic_models(names)
    if "client_version" in query:
        return {"models": []}  # Codex: a catalogue of its own; empty leaves its built-in one
    return _openai_models(names)


def _openai_models(names: list[str]) -> dict[str, Any]:
    data = [
        {"id": name, "object": "model", "created": _CREATED_UNIX, "owned_by": "rolecall"}
        for name in names
    ]
    return {"object": "list", "data": data}


def _anthropic_models(names: list[str]) -> dict[str, Any]:
    data = [
        {"type": "model", "id": name, "display_name": name, "created_at": _CREATED}
        for name in names
    ]
    return {"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]}


def gemini_models(snapshot: Snapshot) -> dict[str, Any]:
    """As Google lists them."""
    verbs = ["generateContent", "countTokens"]
    models = [
        {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": verbs}
        for name in _names(snapshot)
    ]
    return {"models": models}


def ollama_models(snapshot: Snapshot) -> dict[str, Any]:
    """As Ollama lists them. A name of the stack has no file, and so no size."""
    models = [
        {
            "name": name,
            "model": name,
            "modified_at": _CREATED,
            "size": 0,
            "digest": "",
            "details": _DETAILS,
        }
        for name in _names(snapshot)
    ]
    return {"models": models}


_DETAILS = {"format": "", "family": "rolecall", "families": ["rolecall"], "parameter_size": ""}


class _Asked(Struct):
    model: str = ""
    name: str = ""


def ollama_model(body: bytes, snapshot: Snapshot) -> dict[str, Any]:
    """What Ollama says of one model. Raises `RouteError` where nobody goes by that name."""
    asked = decode(_Asked, body)
    name = asked.model or asked.name
    if name not in _names(snapshot):
        raise RouteError(f"there is no model {name[:80]!r}; see /api/tags")
    return {
        "modified_at": _CREATED,
        "details": _DETAILS,
        "model_info": {},
        "capabilities": ["completion", "tools"],
    }
