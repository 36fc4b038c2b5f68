"""Errors have the shape that the clients of each dialect show to their users."""

from __future__ import annotations

import msgspec
import pytest
from inline_snapshot import snapshot

from rolecall.types import Dialect
from rolecall.wire.faults import fault


@pytest.mark.parametrize("dialect", ["openai.chat", "openai.responses"])
def test_openai_shape(dialect: Dialect) -> None:
    """OpenAI's error object, with rolecall's own word as its code."""
    assert msgspec.json.decode(fault(dialect, 429, "wait", code="busy")) == snapshot(
        {
            "error": {
                "message": "wait",
                "type": "rate_limit_error",
                "param": None,
                "code": "busy",
            }
        }
    )


def test_anthropic_shape() -> None:
    """Anthropic's error object, which has no code."""
    assert msgspec.json.decode(fault("anthropic.messages", 413, "less", code="x")) == snapshot(
        {"type": "error", "error": {"type": "request_too_large", "message": "less"}}
    )


@pytest.mark.parametrize(
    ("status", "openai", "anthropic"),
    [
        (400, "invalid_request_error", "invalid_request_error"),
        (401, "authentication_error", "authentication_error"),
        (403, "permission_error", "permission_error"),
        (404, "not_found_error", "not_found_error"),
        (408, "invalid_request_error", "invalid_request_error"),
        (415, "invalid_request_error", "invalid_request_error"),
        (500, "api_error", "api_error"),
        (503, "api_error", "api_error"),
        (529, "api_error", "overloaded_error"),
    ],
)
def test_type_of_each_status(status: int, openai: str, anthropic: str) -> None:
    """Clients decide by the type whether to try again."""
    for dialect, kind in (("openai.chat", openai), ("anthropic.messages", anthropic)):
        error = msgspec.json.decode(fault(dialect, status, "x", code="x"))["error"]  # type: ignore[arg-type] # both are dialects
        assert error["type"] == kind
