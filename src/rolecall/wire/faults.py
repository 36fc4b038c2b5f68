"""Errors in the shape that each dialect's clients understand."""

from __future__ import annotations

from typing import assert_never

import msgspec

from rolecall.types import Dialect

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


def _kind(types: dict[int, str], status: int) -> str:
    return types.get(status, "api_error" if status >= 500 else "invalid_request_error")
