"""What a client sends reaches the provider, and what it answers reaches the client, unchanged."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import msgspec
import pytest
import zstandard

from gateway.conftest import TOKENS, Pair
from support.answers import Answer, ToolCall
from support.gateway import start_gateway
from support.http import get, post, request
from support.upstream import Upstream

PATHS = {
    "openai.chat": "/v1/chat/completions",
    "openai.responses": "/v1/responses",
    "anthropic.messages": "/v1/messages",
}


def body_for(dialect: str, **more: Any) -> dict[str, Any]:
    said = [{"role": "user", "content": "Please fix the test."}]
    key = "input" if dialect == "openai.responses" else "messages"
    body: dict[str, Any] = {"model": "rolecall/auto", key: said, **more}
    return body | {"max_tokens": 100} if dialect == "anthropic.messages" else body


@pytest.mark.parametrize("dialect", PATHS)
@pytest.mark.parametrize("stream", [False, True])
def test_answer_arrives_byte_for_byte(pair: Pair, dialect: str, stream: bool) -> None:
    """The client reads exactly the bytes that the upstream wrote, tool calls and all."""
    call = ToolCall(name="edit", arguments={"path": "ä.py", "text": "x\n" * 50})
    pair.answer_with(Answer(text="Grüße.", tool_calls=(call, call), tokens=TOKENS))
    got = post(pair.gateway.url + PATHS[dialect], body_for(dialect, stream=stream))
    assert got.status == 200
    assert got.complete
    assert got.body == pair.upstream.received[-1].sent


@pytest.mark.parametrize("dialect", PATHS)
def test_only_the_model_is_changed(pair: Pair, dialect: str) -> None:
    """Unknown fields, odd spacing and escapes of a body arrive as they were written."""
    known = msgspec.json.encode(body_for(dialect))[:-1]
    body = known + b', "unknown" : {"model":"rolecall/auto", "x":[1.50, "\\u00e9/\\/"]}  }'
    post(pair.gateway.url + PATHS[dialect], body)
    assert pair.upstream.received[-1].body == body.replace(b'"rolecall/auto"', b'"code-model"', 1)


@pytest.mark.parametrize("dialect", PATHS)
def test_all_four_counts_are_recorded(pair: Pair, dialect: str) -> None:
    """Usage is read off whole answers and streams alike, whatever a dialect calls it."""
    options = {"stream_options": {"include_usage": True}} if dialect == "openai.chat" else {}
    for stream in (False, True):
        post(pair.gateway.url + PATHS[dialect], body_for(dialect, stream=stream, **options))
        usage = pair.gateway.decisions(1)[0]["usage"]
        assert usage["input_tokens"] == TOKENS.input
        assert usage["output_tokens"] == TOKENS.output
        assert usage["cache_read_input_tokens"] == TOKENS.cache_read
        if dialect == "anthropic.messages":
            assert usage["cache_write_input_tokens"] == TOKENS.cache_write


def test_headers_pass_and_credentials_do_not(pair: Pair) -> None:
    """A client's own headers reach the provider; its key, cookies and rolecall's own do not."""
    sent = {
        "anthropic-beta": "a-1,b-2",
        "x-codex-turn-metadata": '{"a":1}',
        "user-agent": "someone/1",
        "authorization": "Bearer canary-key",
        "x-api-key": "canary-key",
        "cookie": "canary-key",
        "x-rolecall-why": "because",
        "te": "trailers",
        "connection": "keep-alive, x-hop",
        "x-hop": "1",
    }
    post(pair.gateway.url + "/v1/messages?beta=true&x=%20", body_for("anthropic.messages"), sent)
    received = pair.upstream.received[-1]
    assert received.query == "beta=true&x=%20"
    for name in ("anthropic-beta", "x-codex-turn-metadata", "user-agent"):
        assert received.header(name) == sent[name]
    for name in ("authorization", "x-api-key", "cookie", "x-rolecall-why", "te", "x-hop"):
        assert received.header(name) is None


def test_answer_says_what_was_decided(pair: Pair) -> None:
    """Every answer carries its decision, its role and its deployment."""
    got = post(pair.gateway.url + "/v1/chat/completions", body_for("openai.chat"))
    assert got.headers["x-rolecall-role"] == "code"
    assert got.headers["x-rolecall-deployment"] == "up/code-model"
    found = get(f"{pair.gateway.url}/rolecall/decisions/{got.headers['x-rolecall-decision']}")
    assert found.json()["deployment"] == "up/code-model"


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstandard.compress)],
)
def test_compressed_body_is_understood(pair: Pair, encoding: str, packed: Any) -> None:
    """A compressed request goes out plain, re-addressed."""
    plain = msgspec.json.encode(body_for("openai.responses"))
    got = post(pair.gateway.url + "/v1/responses", packed(plain), {"content-encoding": encoding})
    assert got.status == 200
    received = pair.upstream.received[-1]
    assert received.body == plain.replace(b"rolecall/auto", b"code-model")
    assert received.header("content-encoding") is None


def test_large_body_passes_whole(pair: Pair) -> None:
    """A body of 20 MiB arrives with its length and unchanged."""
    text = "0123456789abcdef" * 1_310_720
    said = {"model": "rolecall/auto", "messages": [{"role": "user", "content": text}]}
    assert post(pair.gateway.url + "/v1/chat/completions", said).status == 200
    received = pair.upstream.received[-1]
    assert received.header("transfer-encoding") is None
    assert received.json["messages"][0]["content"] == text


def test_body_over_the_limit_is_refused(pair: Pair) -> None:
    """33 MiB are refused with 413 in the dialect's own shape, announced or not."""
    body = b'{"model":"x","messages":"' + b"a" * (33 * 1024 * 1024) + b'"}'
    headers = {"content-length": str(len(body))}
    got = request("POST", pair.gateway.url + "/v1/messages", headers=headers)
    assert got.status == 413
    assert got.json()["error"]["type"] == "request_too_large"
    packed = gzip.compress(body)
    assert (
        post(pair.gateway.url + "/v1/messages", packed, {"content-encoding": "gzip"}).status == 413
    )


def test_tokens_are_counted_by_the_provider(pair: Pair) -> None:
    """`count_tokens` is passed on to the deployment that would play, under its own path."""
    path = "/v1/messages/count_tokens"
    got = post(pair.gateway.url + path, body_for("anthropic.messages"))
    assert got.json()["input_tokens"] > 0
    assert pair.upstream.received[-1].path == path


def test_workspace_is_part_of_the_path(pair: Pair) -> None:
    """Every endpoint is served under `/w/NAME/` too, and the decision names it."""
    base = f"{pair.gateway.url}/w/my-repo_1"
    assert post(base + "/v1/responses", body_for("openai.responses")).status == 200
    assert pair.gateway.decisions(1)[0]["workspace"] == "my-repo_1"
    assert get(base + "/v1/models").status == 200
    assert get(base + "/healthz").status == 200


def test_models_in_the_shape_of_the_client(pair: Pair) -> None:
    """Each client finds the list of models in the shape that its dialect uses."""
    url = pair.gateway.url + "/v1/models"
    openai = get(url).json()
    assert openai["object"] == "list"
    assert "rolecall/auto" in [model["id"] for model in openai["data"]]
    anthropic = get(url, {"anthropic-version": "2023-06-01"}).json()
    assert anthropic["data"][0]["type"] == "model"
    assert anthropic["has_more"] is False


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/", "/api/hello", "/healthz"])
def test_greetings(pair: Pair, method: str, path: str) -> None:
    """Clients that knock before they enter get an answer."""
    assert request(method, pair.gateway.url + path).status == 200


def test_keys_go_to_their_provider(tmp_path: Any) -> None:
    """Each dialect's key header carries the provider's key, or the client's own if so set."""
    stack = """
    [providers.keyed]
    base_url = "{0}"
    dialects = ["openai.chat", "anthropic.messages"]
    key_env = "KEYED"
    [providers.passing]
    base_url = "{0}"
    dialects = ["openai.chat"]
    auth = "client"
    [roles]
    code = ["keyed/a"]
    fast = ["passing/b"]
    [routing]
    text_confidence = 1
    """
    with (
        Upstream() as upstream,
        start_gateway(stack.format(upstream.base_url), tmp_path, {"KEYED": "the-key"}) as gateway,
    ):
        mine = {"authorization": "Bearer mine"}
        post(gateway.url + "/v1/chat/completions", body_for("openai.chat"), mine)
        post(gateway.url + "/v1/messages", body_for("anthropic.messages"), mine)
        fast = body_for("openai.chat") | {"model": "rolecall/fast"}
        post(gateway.url + "/v1/chat/completions", fast, mine)
        chat, messages, passed = upstream.received
        assert chat.header("authorization") == "Bearer the-key"
        assert messages.header("x-api-key") == "the-key"
        assert messages.header("authorization") is None
        assert passed.header("authorization") == "Bearer mine"
