"""Which local engines answer at their usual places, and which models they offer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import assert_never

import msgspec
from msgspec import Struct

from rolecall.catalogue.providers import EnginePreset, Shape

Fetch = Callable[[str], Awaitable[bytes | None]]


class Found(Struct, frozen=True, kw_only=True):
    """An engine that answered. `note` says what was left out of `models`, and why."""

    name: str
    models: tuple[str, ...]
    note: str | None = None


class _OllamaModel(Struct):
    name: str
    remote_host: str | None = None
    remote_model: str | None = None


class _Ollama(Struct):
    models: list[_OllamaModel]


class _Entry(Struct):
    id: str
    owned_by: str | None = None


class _List(Struct):
    data: list[_Entry]


class _Key(Struct):
    key: str
    type: str | None = None


class _Keys(Struct):
    models: list[_Key]


async def find(presets: Sequence[EnginePreset], fetch: Fetch) -> tuple[Found, ...]:
    """Ask all of them at once. `fetch` brings the body of a GET, or None."""
    bodies = await asyncio.gather(*(fetch(preset.probe) for preset in presets))
    found = (
        read(preset, body) for preset, body in zip(presets, bodies, strict=True) if body is not None
    )
    return tuple(engine for engine in found if engine is not None)


def read(preset: EnginePreset, body: bytes) -> Found | None:
    """The engine behind an answer; None where the answer is some other server's."""
    try:
        return _read(preset.name, preset.shape, body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # something else listens on that port


def _read(name: str, shape: Shape, body: bytes) -> Found | None:
    match shape:
        case "ollama":
            return _ollama(name, msgspec.json.decode(body, type=_Ollama))
        case "lmstudio":
            keys = msgspec.json.decode(body, type=_Keys).models
            return Found(name=name, models=tuple(k.key for k in keys if k.type != "embedding"))
        case "llamacpp" | "vllm":
            entries = msgspec.json.decode(body, type=_List).data
            own = tuple(e.id for e in entries if e.owned_by == shape)
            return Found(name=name, models=own) if own else None
        case _:
            assert_never(shape)


def _ollama(name: str, found: _Ollama) -> Found:
    """A model that Ollama only passes on to its cloud is not local."""
    remote = [m.name for m in found.models if _is_remote(m)]
    models = tuple(m.name for m in found.models if not _is_remote(m))
    note = f"not local, left out: {', '.join(remote)}" if remote else None
    return Found(name=name, models=models, note=note)


def _is_remote(model: _OllamaModel) -> bool:
    tag = model.name.rpartition(":")[2]
    return bool(model.remote_host or model.remote_model) or tag.endswith("cloud")
