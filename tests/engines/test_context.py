"""How much an engine reads, asked on real sockets in each engine's own shape."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rolecall.catalogue.providers import Shape
from rolecall.config.settings import TimeoutSettings
from rolecall.egress.door import Door
from rolecall.engines import embedded
from rolecall.engines.context import Server, engine_asker, traits
from support.gateway import Gateway, start_gateway
from support.http import post
from support.pages import serving


def asked(shape: Shape, base_url: str, *models: str) -> dict[str, int]:
    server = Server(provider="e", base_url=base_url, shape=shape, models=models)

    async def ask() -> dict[str, int]:
        async with Door({}, TimeoutSettings()) as door:
            found = await traits([server], engine_asker(door))
            return {name: said.context for name, said in found.items() if said.context}

    return asyncio.run(ask())


RUNNING = {"models": [{"name": "a:7b", "model": "a:7b", "context_length": 4096}]}
IDLE: dict[str, Any] = {"models": []}
SHOWN = {"parameters": 'stop "x"\nnum_ctx                        65536\n', "model_info": {}}
LOADED = {
    "models": [
        {
            "key": "q/coder",
            "type": "llm",
            "loaded_instances": [
                {"id": "1", "config": {"context_length": 32768}},
                {"id": "2", "config": {"context_length": 8192}},
            ],
            "max_context_length": 262144,
        },
        {"key": "idle", "type": "llm", "loaded_instances": [], "max_context_length": 131072},
    ]
}
OLD_LOADED = {"data": [{"id": "q/coder", "state": "loaded", "loaded_context_length": 4096}]}
CARDS = {"data": [{"id": "a", "owned_by": "llamacpp", "meta": {"n_ctx": 16384}}]}
PROPS = {"default_generation_settings": {"n_ctx": 2048}, "total_slots": 4}
VLLM = {"data": [{"id": "a", "owned_by": "vllm", "max_model_len": 40960}]}

CASES: list[tuple[str, Shape, dict[str, Any], dict[str, int]]] = [
    ("loaded", "ollama", {"/api/ps": RUNNING}, {"e/a:7b": 4096}),
    (
        "own num_ctx",
        "ollama",
        {"/api/ps": {"models": []}, "POST /api/show": SHOWN},
        {"e/a:7b": 65536},
    ),
    ("not loaded", "ollama", {"/api/ps": {"models": []}, "POST /api/show": {}}, {}),
    ("smallest", "lmstudio", {"/api/v1/models": LOADED}, {"e/q/coder": 8192}),
    ("old", "lmstudio", {"/api/v0/models": OLD_LOADED}, {"e/q/coder": 4096}),
    ("list", "llamacpp", {"/v1/models": CARDS, "/props": PROPS}, {"e/a": 16384}),
    ("props", "llamacpp", {"/v1/models": {"data": []}, "/props": PROPS}, {"e/a": 2048}),
    ("list", "vllm", {"/v1/models": VLLM}, {"e/a": 40960}),
    ("wrong", "ollama", {"/api/ps": b"<html>", "POST /api/show": b"[]"}, {}),
    ("wrong", "vllm", {"/v1/models": {"data": [{"id": "a", "max_model_len": "many"}]}}, {}),
    ("nonsense", "vllm", {"/v1/models": {"data": [{"id": "a", "max_model_len": -5}]}}, {}),
]
MODELS: dict[Shape, tuple[str, ...]] = {
    "ollama": ("a:7b",),
    "lmstudio": ("q/coder", "idle"),
    "llamacpp": ("a",),
    "vllm": ("a",),
}


@pytest.mark.parametrize(
    ("shape", "pages", "found"),
    [case[1:] for case in CASES],
    ids=[f"{shape} {name}" for name, shape, _, _ in CASES],
)
def test_context_in_force(shape: Shape, pages: dict[str, Any], found: dict[str, int]) -> None:
    """What the engine says is in force; nothing where it does not say."""
    with serving(pages) as engine:
        assert asked(shape, engine.url, *MODELS[shape]) == found


def test_engine_that_is_not_there() -> None:
    """Nothing is known, and nothing breaks."""
    assert asked("ollama", "http://127.0.0.1:9", "a:7b") == {}


def test_real_embedded_engine() -> None:
    """llama.cpp itself, in the version that is installed."""
    if embedded.missing() is not None:
        pytest.skip(f"{embedded.missing()}")
    with embedded.start() as engine:
        base = engine.url.removesuffix("/v1")
        assert asked("llamacpp", base, embedded.MODEL) == {f"e/{embedded.MODEL}": 8192}


OLLAMA = """
[providers.ollama]
base_url = "{url}/v1"
[roles]
code = ["ollama/a:7b"]
local = ["ollama/a:7b"]
"""


def ask_for(gateway: Gateway, words: int) -> int:
    said = [{"role": "user", "content": "word " * words}]
    return post(gateway.url + "/v1/chat/completions", {"model": "x", "messages": said}).status


def test_request_that_would_be_cut_off_is_refused_with_the_reason(
    tmp_path: Any,
) -> None:
    """It is not sent; the record says how much the engine reads."""
    with (
        serving({"/api/ps": RUNNING}) as engine,
        start_gateway(OLLAMA.format(url=engine.url), tmp_path) as gateway,
    ):
        assert "4,096 tokens" in gateway.said
        assert "give it at least 64,000" in gateway.said
        assert ask_for(gateway, 10_000) == 503
        why = gateway.rolecall("why").stdout
        assert "it reads 4,096 and cuts off the rest" in why
        assert "nothing was sent" in why


KEPT = '\n[[privacy.rules]]\nname = "home"\n'
AWAY = {"remote_host": "https://elsewhere.example:443", "capabilities": ["completion"]}
BARE = {"capabilities": ["completion"]}


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (AWAY, "its engine passes a:7b on to https://elsewhere.example:443"),
        (BARE, "name a model that calls tools in [roles] local"),
    ],
)
def test_model_that_is_not_here_or_calls_no_tools_is_not_asked(
    tmp_path: Any, shown: dict[str, Any], told: str
) -> None:
    """An alias of a model in the cloud has no tag that tells; the engine does."""
    tool = {"type": "function", "function": {"name": "t", "parameters": {}}}
    body = {"model": "x", "messages": [{"role": "user", "content": "go"}], "tools": [tool]}
    with (
        serving({"/api/ps": IDLE, "POST /api/show": shown}) as engine,
        start_gateway(OLLAMA.format(url=engine.url) + KEPT, tmp_path) as gateway,
    ):
        answer = post(gateway.url + "/v1/chat/completions", body)
        assert answer.status == 503
        assert told in answer.json()["error"]["message"]
        assert all("messages" not in form for form in engine.forms)
