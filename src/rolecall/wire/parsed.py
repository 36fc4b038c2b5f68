"""What all dialects have in common once parsed: authors, turns, tools, texts.

A `Parsed` holds text of the conversation. It lives for the time of one request and is never
stored; what is recorded is `types.Request`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import msgspec
import xxhash
from msgspec import Raw, Struct

from rolecall.errors import BodyError
from rolecall.wire.steps import Author, Call, Result, Step, blocks_of

T = TypeVar("T")
_SYSTEM = ("system", "developer")
_NO_LOOP = ("end", "answer")
_LATEST_OPENING = 8
"""Messages after the first harness message in which the first human one is looked for."""


class Reading(Struct, frozen=True, kw_only=True):
    """How to read one dialect's messages: who speaks, what they say, which tools they call.

    `content` holds what is said, `payload` all that tells one message from another. `thinks` is
    whether a message brings back reasoning that only its maker can read. `beside` is True where a
    message may hold a tool's result and a person's words side by side.
    """

    author: Callable[[Any], Author]
    content: Callable[[Any], Raw]
    calls: Callable[[Any], Sequence[Call]]
    results: Callable[[Any], Sequence[Result]]
    payload: Callable[[Any], Sequence[Raw]]
    thinks: Callable[[Any], bool]
    beside: bool = False


def step_of(message: Any, reading: Reading, blocks: Callable[[], Sequence[str]]) -> Step:
    """One message as a step of the work. `blocks` tells its texts, where they are asked for."""
    author = reading.author(message)
    is_result = author == "tool"
    return Step(
        author,
        calls=tuple(reading.calls(message)) if author == "assistant" else (),
        results=tuple(reading.results(message)) if is_result else (),
        texts=() if is_result and not reading.beside else tuple(blocks()),
    )


class Tail(Struct, frozen=True, kw_only=True):
    """How a conversation ends. `human` is the place of the last human message, -1 without one."""

    human: int
    loop_open: bool
    called: tuple[str, ...]
    """Names of the tools whose results the last messages bring."""


class Talk(Struct, frozen=True, kw_only=True):
    """A conversation still as JSON. `prompt` is the top-level system prompt, if there is one."""

    messages: Sequence[Any]
    reading: Reading
    prompt: Raw | None = None


class Parsed:
    """A request as the rules see it. Texts are decoded when a rule asks for them, and once.

    `fields` holds the small top-level values that rules ask for.
    """

    def __init__(
        self,
        talk: Talk,
        *,
        model: str,
        stream: bool | None,
        max_tokens: int | None,
        tools: tuple[str, ...],
        fields: dict[str, Any],
    ) -> None:
        self.model = model
        self.stream = bool(stream)
        self.max_tokens = max_tokens
        self.tools = tools
        self.fields = fields
        self._prompt = talk.prompt
        self._messages = talk.messages
        self._reading = talk.reading
        self._blocks: dict[int, list[str]] = {}

    @property
    def thoughts(self) -> bool:
        """Whether reasoning of a model is among the messages; a text that quotes one may count."""
        return any(map(self._reading.thinks, self._messages))

    @property
    def count(self) -> int:
        """How many messages there are."""
        return len(self._messages)

    @cached_property
    def tail(self) -> Tail:
        """Read from the end, up to the last human message.

        The newest results belong to the calls right before them, which may be several messages.
        """
        called: list[str] = []
        part = "end"
        spoke: int | None = None
        for index in range(len(self._messages) - 1, -1, -1):
            message = self._messages[index]
            match self._reading.author(message), part:
                case "human", _:
                    spoke = index if spoke is None else spoke
                    break
                case "tool", "end":
                    part = "results"
                    spoke = index if self._typed_beside(index) else None
                case "assistant", "results" | "calls":
                    part = "calls"
                    called[:0] = [call.name for call in self._reading.calls(message)]
                case "assistant", "end":
                    part = "answer"
                case "tool", "calls":
                    part = "before"
                case _:
                    pass
        human = -1 if spoke is None else spoke
        return Tail(human=human, loop_open=part not in _NO_LOOP, called=tuple(called))

    def _typed_beside(self, index: int) -> bool:
        return self._reading.beside and bool(spoken(self.blocks(index))[0])

    def step(self, index: int) -> Step:
        """One message as a step of the work."""
        return step_of(self._messages[index], self._reading, lambda: self.blocks(index))

    def prefixes(self) -> list[int]:
        """A hash of the conversation up to each message: 64 bits of XXH3, chained by its seed.

        It names what is remembered of a history and guards nothing.
        """
        found: list[int] = []
        last = 0
        for message in self._messages:
            for part in self._reading.payload(message):
                last = xxhash.xxh3_64_intdigest(part, last)
            found.append(last)
        return found

    @cached_property
    def system(self) -> str:
        """The system prompt: the top-level one and what stands before the first human message."""
        first = self._first_human
        leading = [n for n in self._system_places if first is None or n < first]
        return "\n".join([*self._prompt_blocks, *map(self._text, leading)])

    @cached_property
    def late(self) -> str:
        """What the harness said along with the last human message.

        System messages next to it or after it, and tagged blocks within it: the modes that are in
        force now stand here.
        """
        last = self.tail.human
        texts = [self._text(n) for n in self._system_places if n >= last - 1]
        tagged = spoken(self.blocks(last))[1] if last >= 0 else []
        return "\n".join([*texts, *tagged])

    @cached_property
    def opening(self) -> str:
        """The first thing a human said; with the session id it names the thread."""
        return "" if self._first_human is None else _words(self.blocks(self._first_human))

    @cached_property
    def human(self) -> str:
        """The last thing a human said."""
        return "" if self.tail.human < 0 else _words(self.blocks(self.tail.human))

    def newest_system(self, mark: str) -> str | None:
        """The newest system text that contains `mark`."""
        texts = (self._text(n) for n in reversed(self._system_places))
        found = next((text for text in texts if mark in text), None)
        return found or next((text for text in reversed(self._prompt_blocks) if mark in text), None)

    def blocks(self, index: int) -> list[str]:
        """The texts of one message."""
        found = self._blocks.get(index)
        if found is None:
            content = self._reading.content(self._messages[index])
            found = self._blocks[index] = blocks_of(content)
        return found

    def _text(self, index: int) -> str:
        return "\n".join(self.blocks(index))

    @cached_property
    def _prompt_blocks(self) -> list[str]:
        return [] if self._prompt is None else blocks_of(self._prompt)

    @cached_property
    def _system_places(self) -> list[int]:
        return [n for n, message in enumerate(self._messages) if message.role in _SYSTEM]

    @cached_property
    def _first_human(self) -> int | None:
        """The first message a human wrote; harness messages in tags count only if none did."""
        tagged = None
        for index, message in enumerate(self._messages):
            if self._reading.author(message) != "human":
                continue
            if any(not text.lstrip().startswith("<") for text in self.blocks(index)):
                return index
            tagged = index if tagged is None else tagged
            if index - tagged > _LATEST_OPENING:
                break
        return tagged


def spoken(blocks: Sequence[str]) -> tuple[list[str], list[str]]:
    """What a person typed, and what the harness put beside it in tags."""
    typed: list[str] = []
    tagged: list[str] = []
    for text in blocks:
        (tagged if text.lstrip().startswith("<") else typed).append(text)
    return typed, tagged


def _words(blocks: Sequence[str]) -> str:
    """What a person typed; where nobody did, what the harness put there in tags."""
    typed, tagged = spoken(blocks)
    return "\n".join(typed or tagged)


class Once(str):
    """The text of a key that may stand only once.

    msgspec takes the last of two, providers may take the first: then one model would be decided
    on and another would answer.
    """

    __slots__ = ()


def decode(schema: type[T], body: bytes) -> T:
    """Decode a whole body, or say what is wrong with it and where.

    The schema has one key of the type `Once`, its model.
    """
    met = 0

    def once(kind: type[Once], value: Any) -> Once:
        nonlocal met
        met += 1
        if not isinstance(value, str):
            raise TypeError(f"Expected `str`, got `{type(value).__name__}`")
        return kind(value)

    try:
        found = msgspec.json.decode(body, type=schema, dec_hook=once)
    except msgspec.ValidationError as error:
        raise BodyError(f"the body does not fit this endpoint: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BodyError(f"the body is not valid JSON: {error}") from error
    except RecursionError as error:
        raise BodyError("the body nests too deeply to be read") from error
    if met > 1:
        raise BodyError("the body names its model twice; name it once")
    return found
