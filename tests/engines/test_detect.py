"""Engines are found by what they answer, on real loopback sockets."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from rolecall.catalogue.providers import EnginePreset, Shape, load_engines
from rolecall.engines.detect import Found, find
from support.pages import serving as pages

LIMIT = 4 * 1024 * 1024
"""Bytes that the fetch of these tests brings at most, as the real one does."""

OLLAMA = {
    "models": [
        {
            "name": "qwen3-coder:30b",
            "model": "qwen3-coder:30b",
            "modified_at": "2026-11-01T10:00:00.5+01:00",
            "size": 18556701140,
            "digest": "06c1097efce0",
            "capabilities": ["completion", "tools"],
            "details": {"format": "gguf", "family": "qwen3moe", "families": ["qwen3moe"]},
        },
        {
            "name": "deepseek-v3.1:671b-cloud",
            "model": "deepseek-v3.1:671b-cloud",
            "remote_model": "deepseek-v3.1:671b",
            "remote_host": "https://ollama.com:443",
            "size": 405,
            "details": {"family": "deepseek2"},
        },
    ]
}
LM_STUDIO = {
    "models": [
        {"type": "llm", "key": "google/gemma-4-12b", "loaded_instances": []},
        {"type": "embedding", "key": "text-embedding-nomic-v1.5", "loaded_instances": []},
        {"type": "llm", "key": "openai/gpt-oss-20b", "loaded_instances": [{"id": "gpt-oss-20b"}]},
    ]
}
LLAMA_CPP = {
    "models": [{"name": "qwen3-8b", "model": "qwen3-8b", "type": "model"}],
    "object": "list",
    "data": [{"id": "qwen3-8b", "object": "model", "owned_by": "llamacpp", "meta": {"n_ctx": 1}}],
}
VLLM = {
    "object": "list",
    "data": [
        {
            "id": "Qwen/Qwen3-Coder-30B",
            "object": "model",
            "created": 1790000000,
            "owned_by": "vllm",
            "root": "Qwen/Qwen3-Coder-30B",
            "parent": None,
            "max_model_len": 131072,
        }
    ],
}

Body = bytes | Callable[[], bytes]


@contextlib.contextmanager
def serving(body: Body, status: int = 200) -> Iterator[str]:
    """A server that answers every GET with `body`; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = body() if callable(body) else body
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # whoever asked has read enough
                self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name inherited)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def fetch(url: str) -> bytes | None:
    return await asyncio.to_thread(_get, url)


def _get(url: str) -> bytes | None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    with contextlib.closing(connection):
        try:
            connection.request("GET", urlsplit(url).path)
            with connection.getresponse() as response:
                return response.read(LIMIT) if response.status == 200 else None
        except OSError:
            return None


def preset(shape: Shape, address: str) -> EnginePreset:
    return EnginePreset(
        name=shape, base_url=address, probe=f"{address}/list", shape=shape, dialects=()
    )


def found_at(shape: Shape, body: object) -> Found:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with serving(content) as address:
        (found,) = asyncio.run(find([preset(shape, address)], fetch))
    return found


def test_ollama_offers_what_is_on_this_machine() -> None:
    """A model that Ollama passes on to its cloud is left out, and the note says so."""
    found = found_at("ollama", OLLAMA)
    assert found.models == ("qwen3-coder:30b",)
    assert found.note == "left out, not local: deepseek-v3.1:671b-cloud"


@pytest.mark.parametrize(
    "remote",
    [
        {"name": "glm-5:cloud"},
        {"name": "gpt-oss:120b-cloud"},
        {"name": "GPT-OSS:120B-CLOUD"},
        {"name": "renamed:latest", "remote_host": "https://ollama.com:443"},
        {"name": "renamed:latest", "remote_model": "gpt-oss:120b"},
    ],
)
def test_every_sign_of_the_cloud_counts(remote: dict[str, str]) -> None:
    """A copy under another name still has its remote host; an old server has only the tag."""
    assert found_at("ollama", {"models": [remote]}).models == ()


def test_a_cloud_in_the_name_of_a_model_is_no_cloud() -> None:
    """Only the tag tells; an empty `remote_host` is none."""
    models = [{"name": "cloudy/cloud-coder:7b", "remote_host": "", "remote_model": ""}]
    assert found_at("ollama", {"models": models}).models == ("cloudy/cloud-coder:7b",)


@pytest.mark.parametrize(
    "embedder",
    [
        {"name": "qwen3-embedding:8b", "capabilities": ["embedding"]},
        {"name": "nomic-embed-text:latest", "details": {"family": "nomic-bert"}},
    ],
)
def test_a_model_that_cannot_chat_is_left_out(embedder: dict[str, Any]) -> None:
    """Newer servers name capabilities; older ones only the family."""
    found = found_at("ollama", {"models": [embedder]})
    assert found.models == ()
    assert found.note == f"left out, cannot chat: {embedder['name']}"


def test_lm_studio_offers_models_in_memory_first() -> None:
    """The first model offered is the one that a proposed stack takes: it answers at once."""
    found = found_at("lmstudio", LM_STUDIO)
    assert found.models == ("openai/gpt-oss-20b", "google/gemma-4-12b")
    assert found.note is not None
    assert "cannot chat: text-embedding-nomic-v1.5" in found.note
    assert "LM Link" in found.note


def test_older_lm_studio_is_asked_at_its_own_place() -> None:
    """Before 0.4.0 there is no `/api/v1`; models in memory come first there, too."""
    data = [
        {"id": "a", "type": "vlm", "state": "not-loaded", "max_context_length": 32768},
        {"id": "b", "type": "llm", "state": "loaded"},
        {"id": "c", "type": "embeddings", "state": "not-loaded"},
    ]
    with pages({"/api/v0/models": {"object": "list", "data": data}}) as engine:
        old = msgspec.structs.replace(
            preset("lmstudio", engine.url), older=f"{engine.url}/api/v0/models"
        )
        (found,) = asyncio.run(find([old], fetch))
    assert found.models == ("b", "a")
    assert "cannot chat: c" in (found.note or "")


def test_llama_cpp_is_known_by_its_name_in_the_list() -> None:
    """It signs each entry with `llamacpp`."""
    assert found_at("llamacpp", LLAMA_CPP) == Found(name="llamacpp", models=("qwen3-8b",))


def test_a_llama_cpp_router_offers_all_its_models() -> None:
    """Those in memory come first; the others are loaded on demand."""
    data = [
        {"id": "a", "owned_by": "llamacpp", "status": {"value": "unloaded", "args": []}},
        {"id": "b", "owned_by": "llamacpp", "status": {"value": "loaded"}},
    ]
    assert found_at("llamacpp", {"data": data}).models == ("b", "a")


def test_vllm_is_known_by_its_name_in_the_list() -> None:
    """It signs each entry with `vllm`."""
    assert found_at("vllm", VLLM) == Found(name="vllm", models=("Qwen/Qwen3-Coder-30B",))


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("vllm", LLAMA_CPP),
        ("llamacpp", VLLM),
        ("vllm", {"data": [{"id": "m", "owned_by": "sglang"}]}),
        ("llamacpp", {"data": []}),
        ("ollama", LM_STUDIO),
        ("lmstudio", OLLAMA),
        ("lmstudio", {"error": "Unexpected endpoint or method. Returning 200 anyway"}),
        ("ollama", b"<!doctype html><title>my app</title>"),
        ("vllm", b""),
        ("ollama", b'{"models": [{"name": "\xff"}]}'),
        ("ollama", b'{"models": [{"name": 1}]}'),
        ("ollama", b'{"models": ' + b"[" * 100_000),
        ("vllm", b'{"data": [{"id": "m", "owned_by": "vllm", "x": ' + b"[" * 100_000),
        ("llamacpp", b"null"),
    ],
)
def test_another_server_on_the_port_is_not_taken_for_the_engine(shape: Shape, body: object) -> None:
    """Whatever it says, it offers nothing, and the note says where something answered."""
    found = found_at(shape, body)
    assert found.models == ()
    assert found.note is not None
    assert found.note.endswith(f"/list is answered, but not as {shape} answers")


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "\x1b[31mred", "\u202eesrever", "x" * 257])
def test_a_name_that_is_no_name_is_left_out(name: str) -> None:
    """What is shown in a terminal and written to a file holds no control characters."""
    found = found_at("ollama", {"models": [{"name": name}, {"name": "good:1b"}]})
    assert found.models == ("good:1b",)
    assert found.note is not None
    assert found.note.startswith("left out, not a name: ")
    assert found.note.isprintable()
    assert len(found.note) < 300


def test_a_huge_list_is_cut() -> None:
    """A list that is longer than any person keeps is read up to a thousand, and says so."""
    models = [{"name": f"m{number}"} for number in range(100_000)]
    found = found_at("ollama", {"models": models})
    assert len(found.models) == 1000
    assert found.note == "99000 more were not read"


def test_a_huge_answer_is_not_the_engine() -> None:
    """An answer that is cut by the limit of the fetch is not JSON, and offers nothing."""
    body = b'{"models": [' + b'{"name": "m"}, ' * 400_000
    assert len(body) > LIMIT
    assert found_at("ollama", body).models == ()


def test_who_does_not_answer_is_not_found() -> None:
    """Neither a closed port nor an error is an engine."""
    with serving(b"{}") as gone:
        pass
    with serving(json.dumps(OLLAMA).encode(), status=500) as broken:
        presets = [preset("ollama", gone), preset("ollama", broken)]
        assert asyncio.run(find(presets, fetch)) == ()


def test_all_are_asked_at_once() -> None:
    """Each answers only when all have been asked."""
    everyone = threading.Barrier(4, timeout=10)

    def together(body: object) -> Callable[[], bytes]:
        def answer() -> bytes:
            everyone.wait()
            return json.dumps(body).encode()

        return answer

    bodies: dict[Shape, object] = {
        "ollama": OLLAMA,
        "lmstudio": LM_STUDIO,
        "llamacpp": LLAMA_CPP,
        "vllm": VLLM,
    }
    with contextlib.ExitStack() as servers:
        presets = [
            preset(shape, servers.enter_context(serving(together(body))))
            for shape, body in bodies.items()
        ]
        found = asyncio.run(find(presets, fetch))
    assert [engine.name for engine in found] == list(bodies)
    assert all(engine.models for engine in found)


def test_the_catalogue_asks_only_this_machine() -> None:
    """Engines are looked for on loopback, never on the network."""
    hosts = {
        urlsplit(url).hostname
        for engine in load_engines().values()
        for url in (engine.probe, engine.base_url)
    }
    assert hosts == {"127.0.0.1"}
