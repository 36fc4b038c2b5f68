"""`ollama.chat` and `ollama.generate`: Ollama's own API, whose streams are lines of JSON.

Source: PyPI ollama 0.6.3, _types.py, read 2026-11-24.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from rolecall.types import Usage
from rolecall.wire.chat import READING, Message, Named, names_of
from rolecall.wire.parsed import Once, Parsed, Talk, decode
from rolecall.wire.steps import NOTHING
from rolecall.wire.tally import Tally, count


class _Options(Struct):
    num_predict: int | None = None


class _Chat(Struct):
    model: Once
    messages: list[Message] = []
    stream: bool | None = None
    tools: list[Named] | None = None
    format: Any = None
    options: _Options | None = None


class _Generate(Struct):
    model: Once
    prompt: Raw = NOTHING
    suffix: Any = None
    system: Raw = NOTHING
    raw: bool | None = None
    stream: bool | None = None
    options: _Options | None = None


def parse_chat(body: bytes) -> Parsed:
    """Read what routing needs; it streams unless told not to. Raises `BodyError`."""
    found = decode(_Chat, body)
    return Parsed(
        Talk(messages=found.messages, reading=READING),
        model=str(found.model),
        stream=found.stream is not False,
        max_tokens=_most(found.options),
        tools=names_of(found.tools),
        fields={"response_format": found.format},
    )


def parse_generate(body: bytes) -> Parsed:
    """As `parse_chat`; a prompt is one message. With `raw` or a suffix, text is completed."""
    found = decode(_Generate, body)
    message = Message(role="user", content=found.prompt)
    return Parsed(
        Talk(messages=[message], reading=READING, prompt=found.system),
        model=str(found.model),
        stream=found.stream is not False,
        max_tokens=_most(found.options),
        tools=(),
        fields={"suffix": found.suffix or None, "completes": _completes(found)},
    )


def _completes(found: _Generate) -> str | None:
    return "yes" if found.raw or found.suffix else None


def _most(options: _Options | None) -> int | None:
    """A negative number asks for as many as there may be."""
    most = None if options is None else options.num_predict
    return most if most is not None and most > 0 else None


class _Answer(Struct):
    """A whole answer, or one line of a stream; the last one counts."""

    model: str | None = None
    done: bool = False
    prompt_eval_count: int | None = None
    eval_count: int | None = None


_answer = msgspec.json.Decoder(_Answer)

INTEREST = (b'"done":true', b'"done": true')


def fold(tally: Tally, data: bytes) -> Tally:
    """Take up what one line, or a whole answer, says of model and usage.

    What an engine had in its cache is not counted in `prompt_eval_count`.
    """
    found = _answer.decode(data)
    counted = found.eval_count is not None
    usage = Usage(
        input_tokens=count(found.prompt_eval_count), output_tokens=count(found.eval_count)
    )
    return msgspec.structs.replace(
        tally,
        model=found.model or tally.model,
        usage=usage if counted else tally.usage,
        finished=tally.finished or found.done,
    )
