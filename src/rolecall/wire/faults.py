"""Errors in the shape that each dialect's clients understand."""

from __future__ import annotations

from typing import Any, assert_never

import msgspec

from rolecall.types import Dialect
from rolecall.wire.steps import UNREADABLE

_OPENAI_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_ANTHROPIC_TYPES = _OPENAI_TYPES | {413: "request_too_large", 529: "overloaded_error"}
_GOOGLE_STATUSES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def fault(dialect: Dialect, status: int, message: str, *, code: str) -> bytes:
    """The JSON body of an error. `code` is rolecall's own short word for it.

    Shapes: OpenAI's error object, which Mistral's clients understand, too; Anthropic's
    `{"type": "error", "error": {...}}`; Google's with a status; Ollama's text.
    """
    match dialect:
        case "openai.chat" | "openai.responses" | "openai.completions" | "mistral.fim":
            kind = _kind(_OPENAI_TYPES, status)
            error = {"message": message, "type": kind, "param": None, "code": code}
            return msgspec.json.encode({"error": error})
        case "anthropic.messages":
            kind = _kind(_ANTHROPIC_TYPES, status)
            return msgspec.json.encode(
                {"type": "error", "error": {"type": kind, "message": message}}
            )
        case "google.gemini":
            return msgspec.json.encode(gemini_error(status, message))
        case "ollama.chat" | "ollama.generate":
            return msgspec.json.encode({"error": message})
        case _:
            assert_never(dialect)


def gemini_error(status: int, message: str) -> dict[str, Any]:
    """An error as Google's SDK reads it: PyPI google-genai 3.4.0, errors.py, read 2026-11-24."""
    kind = _GOOGLE_STATUSES.get(status, "INTERNAL" if status >= 500 else "INVALID_ARGUMENT")
    return {"error": {"code": status, "message": message, "status": kind}}


def error_of(body: bytes) -> tuple[str, str]:
    """What an error of a provider says, and its own word for it, whatever the dialect."""
    try:
        found = msgspec.json.decode(body)
    except UNREADABLE:
        found = None
    error = found.get("error", found) if isinstance(found, dict) else found
    if isinstance(error, str):
        return error, "upstream_error"
    if not isinstance(error, dict):
        return body[:_LONGEST].decode("utf-8", "replace").strip() or "no reason given", "upstream"
    says = error.get("message") or error.get("detail") or error
    code = error.get("code") or error.get("type") or "upstream_error"
    text = says if isinstance(says, str) else msgspec.json.encode(says).decode()
    return text[:_LONGEST], str(code)


_LONGEST = 2000
"""Characters of an error that are passed on."""


def _kind(types: dict[int, str], status: int) -> str:
    return types.get(status, "api_error" if status >= 500 else "invalid_request_error")
