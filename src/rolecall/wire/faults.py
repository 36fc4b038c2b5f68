"""Errors in the shape that each dialect's clients understand."""

from __future__ import annotations

from typing import assert_never

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


def fault(dialect: Dialect, status: int, message: str, *, code: str) -> bytes:
    """The JSON body of an error. `code` is rolecall's own short word for it.

    Shapes: OpenAI's error object; Anthropic's `{"type": "error", "error": {...}}`.
    """
    match dialect:
        case "openai.chat" | "openai.responses":
            kind = _kind(_OPENAI_TYPES, status)
            error = {"message": message, "type": kind, "param": None, "code": code}
            return msgspec.json.encode({"error": error})
        case "anthropic.messages":
            kind = _kind(_ANTHROPIC_TYPES, status)
            return msgspec.json.encode(
                {"type": "error", "error": {"type": kind, "message": message}}
            )
        case _:
            assert_never(dialect)


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
