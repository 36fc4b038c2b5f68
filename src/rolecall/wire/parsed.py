"""What all dialects have in common once parsed: authors, turns, tools, texts.

A `Parsed` holds text of the conversation. It lives for the time of one request and is never
stored; what is recorded is `types.Request`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Raw, Struct

from rolecall.errors import BodyError

T = TypeVar("T")
M = TypeVar("M")
Author = Literal["system", "human", "assistant", "tool"]
_SYSTEM = ("system", "developer")


class Parsed(Struct, frozen=True, kw_only=True):
    """A request as the rules see it. `fields` holds the small top-level values rules ask for."""

    model: str
    stream: bool
    max_tokens: int | None
    messages: int
    tools: tuple[str, ...]
    system: str
    """The system prompt: the top-level one and what stands before the first human message."""
    systems: tuple[str, ...]
    """All system and developer texts in the order they stand."""
    late: str
    """What the harness said along with the last human message: system messages next to it or
    after it, and tagged blocks within it. Modes that are in force now stand here."""
    opening: str
    """The first thing a human said; with the session id it names the thread."""
    human: str
    """The last thing a human said."""
    loop_open: bool
    called: tuple[str, ...]
    """Names of the tools whose results the last messages bring."""
    fields: dict[str, Any]


class Reading(Struct, frozen=True, kw_only=True):
    """How to read one dialect's messages: who speaks, what they say, which tools they call."""

    author: Callable[[Any], Author]
    content: Callable[[Any], Raw]
    calls: Callable[[Any], Sequence[str]]


class Conversation(Struct, frozen=True, kw_only=True):
    """What `survey` finds in a list of messages. The fields are those of `Parsed`."""

    system: str
    systems: tuple[str, ...]
    late: str
    opening: str
    human: str
    loop_open: bool
    called: tuple[str, ...]


def survey(prompt: Sequence[str], messages: Sequence[Any], reading: Reading) -> Conversation:
    """Walk from both ends: forward to the first human message, backward to the last.

    `prompt` is the top-level system prompt, where the dialect has one. Messages between the two
    ends are only asked whether they are system messages.
    """
    authors = _Authors(messages, reading)
    first = authors.first_human()
    last, loop_open, called = _tail(messages, authors, reading)
    systems = list(prompt)
    leading = late = len(systems)
    for index, message in enumerate(messages):
        if not authors.is_system(index):
            continue
        systems.append(text_of(reading.content(message)))
        if first is None or index < first:
            leading = len(systems)
        if index < last - 1:
            late = len(systems)
    typed, tagged = ([], []) if last < 0 else spoken(reading.content(messages[last]))
    return Conversation(
        system="\n".join(systems[:leading]),
        systems=tuple(systems),
        late="\n".join([*systems[late:], *tagged]),
        opening="" if first is None else human_text(reading.content(messages[first])),
        human="\n".join(typed or tagged),
        loop_open=loop_open,
        called=called,
    )


class _Authors:
    """Authors by index, asked only where needed: telling a tool result may read a whole message."""

    def __init__(self, messages: Sequence[Any], reading: Reading) -> None:
        self._messages = messages
        self._reading = reading

    def of(self, index: int) -> Author:
        return self._reading.author(self._messages[index])

    def is_system(self, index: int) -> bool:
        return self._messages[index].role in _SYSTEM

    def first_human(self) -> int | None:
        """The first message a human wrote; harness messages in tags count only if none did."""
        tagged = None
        for index in range(len(self._messages)):
            if self.is_system(index) or self.of(index) != "human":
                continue
            if not text_of(self._reading.content(self._messages[index])).startswith("<"):
                return index
            tagged = index if tagged is None else tagged
            if index - tagged > 8:
                break
        return tagged


def _tail(
    messages: Sequence[Any], authors: _Authors, reading: Reading
) -> tuple[int, bool, tuple[str, ...]]:
    """From the end: index of the last human message, whether a tool loop is open, its calls."""
    loop_open = False
    called: tuple[str, ...] = ()
    newest = True
    for index in range(len(messages) - 1, -1, -1):
        if authors.is_system(index):
            continue
        match authors.of(index):
            case "human":
                return index, loop_open, called
            case "tool" if newest:
                loop_open = True
            case "assistant" if loop_open and not called:
                called = tuple(reading.calls(messages[index]))
            case _:
                pass
        newest = False
    return -1, loop_open, called


class _Block(Struct):
    text: Any = None


_as_text = msgspec.json.Decoder(str)
_as_blocks = msgspec.json.Decoder(list[_Block])


def blocks_of(content: Raw) -> list[str]:
    """The texts of a message's content: one string, or the `text` of each block that has one."""
    raw = bytes(content)
    try:
        if raw.startswith(b'"'):
            return [_as_text.decode(raw)]
        if raw.startswith(b"["):
            return [b.text for b in _as_blocks.decode(raw) if isinstance(b.text, str)]
    except msgspec.DecodeError:
        return []  # a shape this dialect does not know: forwarded, not read
    return []


def text_of(content: Raw) -> str:
    return "\n".join(blocks_of(content))


def spoken(content: Raw) -> tuple[list[str], list[str]]:
    """What a person typed, and what the harness put beside it in tags."""
    typed: list[str] = []
    tagged: list[str] = []
    for text in blocks_of(content):
        (tagged if text.lstrip().startswith("<") else typed).append(text)
    return typed, tagged


def human_text(content: Raw) -> str:
    """What a person typed; where nobody did, what the harness put there in tags."""
    typed, tagged = spoken(content)
    return "\n".join(typed or tagged)


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Decode a whole body, or say what is wrong with it and where."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise BodyError(f"the body does not fit this endpoint: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BodyError(f"the body is not valid JSON: {error}") from error
    except RecursionError as error:
        raise BodyError("the body nests too deeply to be read") from error
