"""What providers' own lists of models say, in their own shapes. Pure.

OpenAI: `shutdown_date` (PyPI openai 3.54.0, types/model.py). Anthropic: `lifecycle`, `retires_at`
(PyPI anthropic 2.12.0, types/model_info.py). Mistral: `deprecation`,
`deprecation_replacement_model` (PyPI mistralai, models/basemodelcard.py). OpenRouter:
`expiration_date` (openrouter.ai/docs, components/model). models.dev: `status`, `limit`
(github anomalyco/models.dev). Names and dates are somebody else's text: what is no name or no date
is left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Literal, assert_never

import msgspec
from msgspec import Struct

ListShape = Literal["openai", "anthropic", "mistral", "openrouter", "models-dev"]

_LONGEST_NAME = 256
_MOST = 20_000
"""Models of one list that are read."""


class Listed(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One name of a list. `ended` says that the provider itself calls it retired."""

    id: str
    retires: date | None = None
    deprecated: date | None = None
    ended: bool = False
    successor: str | None = None
    context: int | None = None


class Listing(Struct, frozen=True, kw_only=True):
    """A list as it was read. `odd` counts entries and fields that made no sense."""

    models: tuple[Listed, ...]
    odd: int = 0


class UnknownShapeError(Exception):
    """The answer is not the list that was asked for."""


class _OpenAI(Struct):
    id: str
    shutdown_date: Any = None


class _Anthropic(Struct):
    id: str
    lifecycle: str | None = None
    retires_at: Any = None
    deprecated_at: Any = None
    max_input_tokens: int | None = None


class _Mistral(Struct):
    id: str
    deprecation: Any = None
    deprecation_replacement_model: str | None = None
    max_context_length: int | None = None
    aliases: list[str] | None = None


class _OpenRouter(Struct):
    id: str
    expiration_date: Any = None
    context_length: int | None = None


class _Data(Struct):
    data: list[msgspec.Raw]


class _Limit(Struct):
    context: int | None = None


class _DevModel(Struct):
    id: str
    status: str | None = None
    limit: _Limit | None = None


class _DevProvider(Struct):
    models: dict[str, msgspec.Raw]


_ENTRIES: dict[ListShape, Any] = {
    "openai": _OpenAI,
    "anthropic": _Anthropic,
    "mistral": _Mistral,
    "openrouter": _OpenRouter,
}


def read(shape: ListShape, body: bytes, *, today: date, section: str = "") -> Listing:
    """The list in an answer. `section` is the provider's id in models.dev.

    Raises `UnknownShapeError` with what was expected.
    """
    try:
        raws = _raws(shape, body, section)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnknownShapeError(f"expected a list as {shape} writes it: {error}") from error
    if not raws and shape != "models-dev":  # which need not know each provider
        raise UnknownShapeError("the list is empty")
    found: list[Listed] = []
    odd = max(0, len(raws) - _MOST)
    for raw in raws[:_MOST]:
        try:
            entry = msgspec.json.decode(raw, type=_ENTRIES.get(shape, _DevModel))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            odd += 1
            continue
        good = [one for one in _listed(entry, today) if _is_name(one.id)]
        odd += not good
        found += good
    return Listing(models=tuple(found), odd=odd)


def _raws(shape: ListShape, body: bytes, section: str) -> list[msgspec.Raw]:
    if shape != "models-dev":
        return msgspec.json.decode(body, type=_Data).data
    providers = msgspec.json.decode(body, type=dict[str, _DevProvider])
    return list(providers[section].models.values()) if section in providers else []


def _listed(entry: Any, today: date) -> Iterator[Listed]:
    """One entry, and its aliases where it has them. Google writes `models/` before its names."""
    match entry:
        case _OpenAI():
            name = entry.id.removeprefix("models/")
            yield Listed(id=name, retires=_day(entry.shutdown_date))
        case _Anthropic():
            yield _anthropic(entry, today)
        case _Mistral():
            for name in dict.fromkeys((entry.id, *(entry.aliases or ()))):
                yield Listed(
                    id=name,
                    retires=_day(entry.deprecation),
                    successor=_name(entry.deprecation_replacement_model),
                    context=entry.max_context_length,
                )
        case _OpenRouter():
            ends, context = _day(entry.expiration_date), entry.context_length
            yield Listed(id=entry.id, retires=ends, context=context)
        case _DevModel():
            context = entry.limit.context if entry.limit else None
            deprecated = today if entry.status == "deprecated" else None
            yield Listed(id=entry.id, deprecated=deprecated, context=context)
        case _:
            assert_never(entry)


def _anthropic(entry: _Anthropic, today: date) -> Listed:
    """`lifecycle` is the signal: a past `retires_at` of a deprecated model is overdue, not come."""
    retires = _day(entry.retires_at)
    ended = entry.lifecycle == "retired"
    if ended:
        retires = min(retires or today, today)
    elif retires is not None and retires <= today:
        retires = None
    return Listed(
        id=entry.id,
        retires=retires,
        deprecated=_day(entry.deprecated_at),
        ended=ended,
        context=entry.max_input_tokens,
    )


def _day(value: object) -> date | None:
    """`2026-12-11`, with or without a time; seconds since 1970 too. None for anything else."""
    try:
        if isinstance(value, bool):
            return None
        if isinstance(value, int):
            return datetime.fromtimestamp(value, UTC).date()
        return datetime.fromisoformat(value).date() if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable() and " " not in text


def _name(text: str | None) -> str | None:
    return text if text is not None and _is_name(text) else None
