"""On a machine with nothing at all, the first request is answered by a real model."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rolecall.engines import embedded
from support.gateway import start_gateway
from support.http import post


def test_embedded_engine_answers_on_all_three_dialects(tmp_path: Path) -> None:
    """`rolecall up` without key, engine or file: chat, responses and messages are answered."""
    lacking = embedded.missing()
    if lacking and os.environ.get("ROLECALL_E2E") != "required":
        pytest.skip(lacking)
    said = {"model": "rolecall/auto", "messages": [{"role": "user", "content": "Say hello."}]}
    with start_gateway(None, tmp_path) as gateway:
        assert "toy of 135 million parameters" in gateway.said
        for path, body in (
            ("/v1/chat/completions", said | {"max_tokens": 8}),
            ("/v1/messages", said | {"max_tokens": 8, "stream": True}),
            ("/v1/responses", {"model": "x", "input": "Say hello.", "max_output_tokens": 8}),
        ):
            got = post(gateway.url + path, body)
            assert (got.status, got.complete) == (200, True)
        found = gateway.decisions()
        assert [one["deployment"] for one in found] == ["embedded/smollm2-135m"] * 3
        assert all(one["usage"]["output_tokens"] > 0 for one in found)
        assert {one["cost"] for one in found} == {"0"}
