"""What a local engine says of its models: the context in force, where they run, if they use tools.

Ollama gives a model 4,096 tokens on a small graphics card unless told otherwise, and cuts off the
beginning of what is longer without a word (docs.ollama.com/context-length, read 2026-11-23).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, assert_never

import msgspec
from msgspec import Struct

from rolecall.catalogue.providers import EnginePreset, Shape
from rolecall.config.propose import EMBEDDED
from rolecall.egress.door import Door
from rolecall.privacy.verdict import clear_probe
from rolecall.types import Provider, Snapshot, Traits

Ask = Callable[[str, bytes | None], Awaitable[bytes | None]]
"""Brings the body of a GET, or of the POST of a form; None where nobody answers well."""

_NUM_CTX = re.compile(r"^num_ctx\s+(\d{1,9})\s*$", re.MULTILINE)
_LEAST, _MOST = 1, 2**31


def engine_asker(door: Door) -> Ask:
    """Asks engines on this machine, and nobody else."""
    local = Provider(name="probe", endpoints={}, zone="local", auth="none")

    async def ask(url: str, form: bytes | None) -> bytes | None:
        return await door.fetch(clear_probe(), local, url, form)

    return ask


class Server(Struct, frozen=True, kw_only=True):
    """A local engine in use: its address without a path, and the models the stack names there."""

    provider: str
    base_url: str
    shape: Shape
    models: tuple[str, ...]


def servers(snapshot: Snapshot, engines: Mapping[str, EnginePreset]) -> tuple[Server, ...]:
    """The engines of a stack that go by a name rolecall knows."""
    found = []
    for name, provider in snapshot.providers.items():
        shape: Shape | None = "llamacpp" if name == EMBEDDED else None
        if name in engines:
            shape = engines[name].shape
        if shape is None or provider.zone != "local":
            continue
        url = next(iter(provider.endpoints.values())).url
        models = tuple(d.model for d in snapshot.deployments.values() if d.provider == name)
        base = url.partition("/v1/")[0]
        found.append(Server(provider=name, base_url=base, shape=shape, models=models))
    return tuple(found)


async def traits(servers: Iterable[Server], ask: Ask) -> dict[str, Traits]:
    """By deployment, what its engine says of it; nothing of those that say nothing."""
    said = await asyncio.gather(*(_said(server, ask) for server in servers))
    return {name: one for found in said for name, one in found.items() if one != Traits()}


async def _said(server: Server, ask: Ask) -> dict[str, Traits]:
    found: dict[str, Traits] = {}
    tokens, shown = await _of(server, ask), await _shown(server, ask)
    for model in server.models:
        count = tokens.get(model)
        context = count if count is not None and _LEAST <= count < _MOST else None
        own = msgspec.structs.replace(shown.get(model, Traits()), context=context)
        found[f"{server.provider}/{model}"] = own
    return found


async def _of(server: Server, ask: Ask) -> Mapping[str, int]:
    base = server.base_url
    match server.shape:
        case "llamacpp":
            return await _llamacpp(base, server.models, ask)
        case "vllm":
            cards = _decoded(await ask(f"{base}/v1/models", None), _Cards)
            return {c.id: c.max_model_len for c in cards.data if c.max_model_len} if cards else {}
        case "lmstudio":
            return await _lmstudio(base, ask)
        case "ollama":
            return await _ollama(base, server.models, ask)
        case _:
            assert_never(server.shape)


class _Meta(Struct):
    n_ctx: int | None = None


class _Card(Struct):
    id: str
    meta: _Meta | None = None
    max_model_len: int | None = None


class _Cards(Struct):
    data: list[_Card]


class _Generation(Struct):
    n_ctx: int | None = None


class _Props(Struct):
    default_generation_settings: _Generation


async def _llamacpp(base: str, models: tuple[str, ...], ask: Ask) -> dict[str, int]:
    """By model where the list says so; else what all its slots have."""
    cards = _decoded(await ask(f"{base}/v1/models", None), _Cards)
    found = {c.id: c.meta.n_ctx for c in cards.data if c.meta and c.meta.n_ctx} if cards else {}
    if all(model in found for model in models):
        return found
    props = _decoded(await ask(f"{base}/props", None), _Props)
    common = props.default_generation_settings.n_ctx if props else None
    return found if common is None else dict.fromkeys(models, common) | found


class _Config(Struct):
    context_length: int | None = None


class _Instance(Struct):
    config: _Config | None = None


class _LmModel(Struct):
    key: str
    loaded_instances: list[_Instance] = []


class _LmList(Struct):
    models: list[_LmModel]


class _OldLmModel(Struct):
    id: str
    loaded_context_length: int | None = None


class _OldLmList(Struct):
    data: list[_OldLmModel]


async def _lmstudio(base: str, ask: Ask) -> dict[str, int]:
    """Of models in memory; the smallest where one is loaded twice. Before 0.4.0 under `/api/v0`."""
    listed = _decoded(await ask(f"{base}/api/v1/models", None), _LmList)
    if listed is None:
        old = _decoded(await ask(f"{base}/api/v0/models", None), _OldLmList)
        return (
            {m.id: m.loaded_context_length for m in old.data if m.loaded_context_length}
            if old
            else {}
        )
    found: dict[str, int] = {}
    for model in listed.models:
        loaded = [one.config.context_length for one in model.loaded_instances if one.config]
        sizes = [size for size in loaded if size]
        if sizes:
            found[model.key] = min(sizes)
    return found


class _Running(Struct):
    name: str
    context_length: int | None = None


class _RunningList(Struct):
    models: list[_Running]


class _Shown(Struct):
    """`POST /api/show`. `remote_host` is set where Ollama passes a model's requests on."""

    parameters: str = ""
    remote_host: str = ""
    capabilities: list[str] = []


async def _ollama(base: str, models: tuple[str, ...], ask: Ask) -> dict[str, int]:
    """What a loaded model has; of others what its own `num_ctx` says."""
    running = _decoded(await ask(f"{base}/api/ps", None), _RunningList)
    loaded = running.models if running else []
    found = {m.name: m.context_length for m in loaded if m.context_length}
    for model in models:
        if model in found:
            continue
        shown = await _show(base, model, ask)
        told = _NUM_CTX.search(shown.parameters) if shown else None
        if told is not None:
            found[model] = int(told[1])
    return found


async def _show(base: str, model: str, ask: Ask) -> _Shown | None:
    body = await ask(f"{base}/api/show", msgspec.json.encode({"model": model}))
    shown: _Shown | None = _decoded(body, _Shown)
    return shown


async def _shown(server: Server, ask: Ask) -> dict[str, Traits]:
    """Where each model of an Ollama runs, and whether it calls tools. Others do not say."""
    found: dict[str, Traits] = {}
    for model in server.models if server.shape == "ollama" else ():
        shown = await _show(server.base_url, model, ask)
        if shown is not None:
            tools = "tools" in shown.capabilities if shown.capabilities else None
            found[model] = Traits(passed_on=shown.remote_host, tools=tools)
    return found


def _decoded(body: bytes | None, schema: type[Any]) -> Any:
    """None where nobody answered, or answered something else."""
    if body is None:
        return None
    try:
        return msgspec.json.decode(body, type=schema)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # another version or another program: nothing is known then
