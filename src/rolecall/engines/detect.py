"""Which local engines answer at their usual places, and which models they offer.

Any program may listen on those ports, so that an answer counts only where it has the shape of the
engine that is asked for. The text in it is somebody else's: names are checked before they are
shown or written to a file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import assert_never

import msgspec
from msgspec import Struct

from rolecall.catalogue.providers import EnginePreset, Shape

Fetch = Callable[[str], Awaitable[bytes | None]]

_LONGEST_NAME = 256
"""Characters."""
_MOST_MODELS = 1000
_LINKED = (
    "models of devices joined by LM Link look local too; `lms link status` lists those devices"
)
"""https://lmstudio.ai/docs/developer/core/lmlink, read 2026-11-23: the API does not tell them."""


class Found(Struct, frozen=True, kw_only=True):
    """What answered at an engine's usual place.

    `models` is empty where it is not that engine, or has no model that can chat. `note` says why,
    or what was left out of `models`.
    """

    name: str
    models: tuple[str, ...]
    note: str | None = None


class _Offer(Struct, frozen=True):
    """A model as its engine lists it. `unfit` says why it cannot be used as a local model."""

    name: str
    unfit: str | None = None
    ready: bool = True
    """In memory: answers at once."""


async def find(presets: Sequence[EnginePreset], fetch: Fetch) -> tuple[Found, ...]:
    """Ask all of them at once; those that do not answer are left out.

    `fetch` brings the body of a GET that succeeded, of a size that it limits, or None.
    """
    bodies = await asyncio.gather(*(_list(preset, fetch) for preset in presets))
    answers = zip(presets, bodies, strict=True)
    return tuple(read(preset, body) for preset, body in answers if body is not None)


async def _list(preset: EnginePreset, fetch: Fetch) -> bytes | None:
    body = await fetch(preset.probe)
    return await fetch(preset.older) if body is None and preset.older is not None else body


def read(preset: EnginePreset, body: bytes) -> Found:
    """What the answer says. Models that are in memory come first, else in the engine's order."""
    try:
        offers = _offers(preset.shape, body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        offers = None
    if offers is None:
        note = f"{preset.probe} is answered, but not as {preset.name} answers"
        return Found(name=preset.name, models=(), note=note)
    more = len(offers) - _MOST_MODELS
    offers = [_checked(offer) for offer in offers[:_MOST_MODELS]]
    usable = sorted((o for o in offers if o.unfit is None), key=lambda o: not o.ready)
    return Found(
        name=preset.name,
        models=tuple(dict.fromkeys(o.name for o in usable)),
        note=_note(preset.shape, offers, more),
    )


def _checked(offer: _Offer) -> _Offer:
    name = offer.name
    if name and len(name) <= _LONGEST_NAME and name.isprintable() and " " not in name:
        return offer
    return _Offer(ascii(name[:40]), unfit="not a name")


def _note(shape: Shape, offers: Sequence[_Offer], more: int) -> str | None:
    reasons: dict[str, list[str]] = {}
    for offer in offers:
        if offer.unfit is not None:
            reasons.setdefault(offer.unfit, []).append(offer.name)
    notes = [f"left out, {reason}: {_some(names)}" for reason, names in reasons.items()]
    if more > 0:
        notes.append(f"{more} more were not read")
    if shape == "lmstudio" and offers:
        notes.append(_LINKED)
    return "; ".join(notes) or None


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _offers(shape: Shape, body: bytes) -> list[_Offer] | None:
    """The models of a list; None where another server wrote it."""
    match shape:
        case "ollama":
            return [_ollama(m) for m in msgspec.json.decode(body, type=_OllamaList).models]
        case "lmstudio":
            return _lmstudio_offers(body)
        case "llamacpp" | "vllm":
            cards = msgspec.json.decode(body, type=_OpenAIList).data
            own = [card for card in cards if card.owned_by == shape]
            return [_Offer(card.id, ready=card.ready) for card in own] or None
        case _:
            assert_never(shape)


class _OllamaDetails(Struct):
    family: str | None = None


class _OllamaModel(Struct):
    """https://docs.ollama.com/api/tags. Older servers name no capabilities."""

    name: str
    remote_host: str | None = None
    remote_model: str | None = None
    capabilities: list[str] | None = None
    details: _OllamaDetails | None = None


class _OllamaList(Struct):
    models: list[_OllamaModel]


def _ollama(model: _OllamaModel) -> _Offer:
    """Ollama lists models that it only passes on to its cloud among those on the disk."""
    tag = model.name.rpartition(":")[2].lower()
    if model.remote_host or model.remote_model or tag == "cloud" or tag.endswith("-cloud"):
        return _Offer(model.name, unfit="not local")
    return _Offer(model.name, unfit=None if _chats(model) else "cannot chat")


def _chats(model: _OllamaModel) -> bool:
    if model.capabilities is not None:
        return "completion" in model.capabilities
    family = model.details.family if model.details else None
    return "bert" not in (family or "")


class _LmStudioModel(Struct):
    """https://lmstudio.ai/docs/developer/rest/list, since LM Studio 0.4.0."""

    key: str
    type: str
    loaded_instances: list[msgspec.Raw] = []


class _LmStudioList(Struct):
    models: list[_LmStudioModel]


class _OldLmStudioModel(Struct):
    """https://lmstudio.ai/docs/api/rest-api: the list under `/api/v0`."""

    id: str
    type: str
    state: str = "not-loaded"


class _OldLmStudioList(Struct):
    data: list[_OldLmStudioModel]


def _lmstudio_offers(body: bytes) -> list[_Offer]:
    """Version 0.4 and later name their list `models`, earlier ones `data`."""
    try:
        return [_lmstudio(m) for m in msgspec.json.decode(body, type=_LmStudioList).models]
    except msgspec.ValidationError:
        old = msgspec.json.decode(body, type=_OldLmStudioList).data
    chats = ("llm", "vlm")
    return [
        _Offer(m.id, unfit=None if m.type in chats else "cannot chat", ready=m.state == "loaded")
        for m in old
    ]


def _lmstudio(model: _LmStudioModel) -> _Offer:
    unfit = None if model.type == "llm" else "cannot chat"
    return _Offer(model.key, unfit=unfit, ready=bool(model.loaded_instances))


class _CardStatus(Struct, frozen=True):
    value: str = "loaded"


class _Card(Struct):
    """An entry of `/v1/models`. llama.cpp and vLLM write their own name into `owned_by`.

    `status` is there where llama.cpp runs as a router over several models.
    """

    id: str
    owned_by: str | None = None
    status: _CardStatus = _CardStatus()

    @property
    def ready(self) -> bool:
        return self.status.value in ("loaded", "sleeping")


class _OpenAIList(Struct):
    data: list[_Card]
