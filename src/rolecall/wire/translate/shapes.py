"""Reading JSON whose shape is a client's: what is wrong is said with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from rolecall.wire.steps import UNREADABLE
from rolecall.wire.translate.conversation import Media, Message, Part, Text
from rolecall.wire.translate.losses import Refused

Json = dict[str, Any]

_DATA_URL = re.compile(r"data:([^;,]*)(?:;[^,]*)?;base64,", re.IGNORECASE)
_NINE = re.compile(r"[A-Za-z0-9]{9}\Z")
_NO_ID = re.compile(r"[^A-Za-z0-9_-]")


def named(text: str) -> frozenset[str]:
    """The words of a text, as the names of keys."""
    return frozenset(text.split())


def opened(body: bytes) -> Json:
    """A body as a JSON object. Raises `Refused`."""
    try:
        found = msgspec.json.decode(body)
    except UNREADABLE as error:
        raise Refused(f"the body is not valid JSON: {error}") from error
    return an_object(found, "the body")


def an_object(value: Any, place: str) -> Json:
    if not isinstance(value, dict):
        raise Refused(f"{place} is {_kind(value)}; give an object")
    return value


def objects(value: Any, place: str) -> list[Json]:
    """A list of objects; nothing where nothing is given."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refused(f"{place} is {_kind(value)}; give a list")
    return [an_object(one, f"{place}[{at}]") for at, one in enumerate(value)]


def a_text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise Refused(f"{place} is {_kind(value)}; give a text")
    return value


def texts(value: Any, place: str) -> tuple[str, ...]:
    """One text or a list of them."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    return tuple(a_text(one, place) for one in value) if isinstance(value, list) else ()


def schema_of(value: Any, place: str) -> Json | None:
    """A JSON schema of a tool; what is none is refused here rather than by a provider."""
    return None if value is None else an_object(value, place)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "missing"
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"


def media_of(url: str, media: Media) -> Media:
    """With the bytes of a `data:` URL in their place; another URL stays one."""
    found = _DATA_URL.match(url)
    if found is None:
        return msgspec.structs.replace(media, url=url)
    kind = found.group(1) or media.media_type
    return msgspec.structs.replace(media, data=url[found.end() :], media_type=kind)


def url_of(media: Media) -> str:
    if media.data is None:
        return media.url or ""
    return f"data:{media.media_type or 'application/octet-stream'};base64,{media.data}"


def nine(call_id: str, *, short: bool) -> str:
    """The id, or nine letters and digits that stand for it."""
    if not short or _NINE.match(call_id):
        return call_id
    return blake2b(call_id.encode("utf-8", "replace"), digest_size=8).hexdigest()[:9]


def clean_id(call_id: str) -> str:
    """The id with nothing but letters, digits, `_` and `-`; a digest keeps changed ones apart."""
    if call_id and _NO_ID.search(call_id) is None:
        return call_id
    digest = blake2b(call_id.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return f"{_NO_ID.sub('_', call_id)[:40]}_{digest}"


def words(parts: Iterable[Part]) -> str:
    """The texts among the parts, one after the other."""
    return "\n".join(part.text for part in parts if isinstance(part, Text))


def leading(messages: tuple[Message, ...]) -> tuple[list[Text], tuple[Message, ...]]:
    """The system prompt that stands first, and what follows it."""
    prompt: list[Text] = []
    for at, message in enumerate(messages):
        if message.author != "system":
            return prompt, messages[at:]
        prompt.extend(part for part in message.parts if isinstance(part, Text))
    return prompt, ()


def arguments_of(text: str) -> Json:
    """The arguments of a call as an object. What is no object is kept under one key."""
    if not text.strip():
        return {}
    try:
        found = msgspec.json.decode(text)
    except UNREADABLE:
        return {"input": text}
    return found if isinstance(found, dict) else {"input": found}


def penalties_of(found: Mapping[str, Any]) -> dict[str, float]:
    """What is asked for, in the words that most dialects share."""
    names = ("presence_penalty", "frequency_penalty")
    return {key: value for key in names if (value := number(found, key))}


def mark_of(found: Json) -> str | None:
    """The life of the cache mark that stands here, such as `5m`."""
    mark = found.get("cache_control")
    return (said(mark, "ttl") or "5m") if isinstance(mark, dict) else None


def number(found: Mapping[str, Any], key: str) -> float | None:
    value = found.get(key)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else None


def whole(found: Mapping[str, Any], key: str) -> int | None:
    value = number(found, key)
    return None if value is None else int(value)


def said(found: Mapping[Any, Any], key: str) -> str | None:
    value = found.get(key)
    return value if isinstance(value, str) else None


def within(found: Json, key: str) -> Json:
    """An object within another; an empty one where there is none."""
    value = found.get(key)
    return value if isinstance(value, dict) else {}
