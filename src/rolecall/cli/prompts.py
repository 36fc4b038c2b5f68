"""What `rolecall classify` is given: a prompt, a file of prompts, a request body."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from rolecall.errors import BodyError
from rolecall.gateway.intake import Taken, understand
from rolecall.gateway.paths import Target
from rolecall.routing.roles import AUTO
from rolecall.routing.signals import Recogniser
from rolecall.types import MAIN_DIALECTS, Dialect

_BEFORE = [{"role": "user", "content": "(earlier turns)"}, {"role": "assistant", "content": "…"}]
"""Stands for what was said before a prompt of a later turn."""


class Item(Struct, frozen=True, kw_only=True):
    """One thing to classify, where it stands, and its id where it has one.

    `body` and `headers` are what a client would send; `wrong` says why there is none.
    """

    source: str
    line: int | None = None
    id: str | None = None
    text: str = ""
    dialect: Dialect = "openai.chat"
    headers: dict[str, str] = {}
    body: bytes = b""
    wrong: str | None = None


def items(given: str) -> Iterator[Item]:
    """A file where one of that name exists, standard input for `-`, else the text itself."""
    if given == "-":
        yield _prompt("standard input", sys.stdin.read())
    elif _is_file(given):
        yield from _file(Path(given))
    else:
        yield _prompt("argument", given)


def take(item: Item, by: Recogniser) -> Taken:
    """Read an item as the gateway would. Raises `BodyError`."""
    if item.wrong is not None:
        raise BodyError(item.wrong)
    return understand(Target(item.dialect), None, item.headers, item.body, by)


def _is_file(given: str) -> bool:
    try:
        return Path(given).is_file()
    except (OSError, ValueError):  # too long for a name, or a zero byte in it
        return False


def _file(path: Path) -> Iterator[Item]:
    """JSON lines hold an object each; a `.json` file a request or a list; the rest is a prompt."""
    raw = path.read_bytes()
    if path.suffix in {".jsonl", ".ndjson"}:
        for number, line in enumerate(raw.splitlines(), start=1):
            if line.strip():
                yield _object(_decoded(line), str(path), number)
    elif path.suffix == ".json":
        found = _decoded(raw)
        for number, entry in enumerate(found if isinstance(found, list) else [found], start=1):
            yield _object(entry, str(path), number)
    else:
        yield _prompt(str(path), raw.decode("utf-8", "replace"))


def _decoded(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return error


def _object(found: Any, source: str, line: int) -> Item:
    """A prompt with its `turn`, a request body, or a recorded request with its headers."""
    if isinstance(found, Exception):
        return Item(source=source, line=line, wrong=f"is not JSON: {found}")
    if isinstance(found, str):
        return _prompt(source, found, line=line)
    if not isinstance(found, dict):
        return Item(source=source, line=line, wrong="is neither an object nor a text")
    body = found.get("body", found)
    if isinstance(body, dict) and ("messages" in body or "input" in body):
        return _request(found, body, source, line)
    text = found.get("prompt")
    if not isinstance(text, str):
        says = "has no `prompt`, and no `messages` or `input` of a request"
        return Item(source=source, line=line, wrong=says)
    name = found.get("id")
    later = isinstance(found.get("turn"), int) and found["turn"] > 1
    return _prompt(source, text, line=line, name=None if name is None else str(name), later=later)


def _prompt(
    source: str, text: str, *, line: int | None = None, name: str | None = None, later: bool = False
) -> Item:
    """The request that a plain client would send."""
    said = [*(_BEFORE if later else ()), {"role": "user", "content": text}]
    clean = msgspec.json.encode({"model": AUTO, "messages": said}) if _is_text(text) else b""
    wrong = None if clean else "holds half of a character (a lone surrogate)"
    return Item(source=source, line=line, id=name, text=text, body=clean, wrong=wrong)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _request(found: dict[str, Any], body: dict[str, Any], source: str, line: int) -> Item:
    headers = found.get("headers")
    given = headers.items() if isinstance(headers, dict) else ()
    named = {str(name).lower(): str(value) for name, value in given}
    stated = found.get("dialect")
    dialect = next((known for known in MAIN_DIALECTS if known == stated), _dialect(body))
    return Item(
        source=source,
        line=line,
        dialect=dialect,
        headers=named,
        body=msgspec.json.encode({"model": AUTO, **body}),
    )


def _dialect(body: dict[str, Any]) -> Dialect:
    """Told by what only one dialect has: `input`, a top-level `system`, tools with a schema."""
    if "input" in body:
        return "openai.responses"
    tools = body.get("tools")
    first = tools[0] if isinstance(tools, list) and tools else {}
    typed = isinstance(first, dict) and "input_schema" in first
    return "anthropic.messages" if "system" in body or typed else "openai.chat"
