"""What becomes of an answer: each feature, from each dialect of a provider to each of a client.

Answers are given as events, written in the provider's dialect by that dialect's own writer, and
read back from what the client is told. The dialects of clients alone have no reader: what is looked
for stands in their bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from rolecall.types import MAIN_DIALECTS, Dialect, Usage
from rolecall.wire.sse import events as data_of
from rolecall.wire.translate.answer import (
    Closed,
    Counted,
    Ended,
    Event,
    Failed,
    Grown,
    Opened,
    Reply,
    Sealed,
    Started,
    Stop,
    Stopped,
    collected,
)
from rolecall.wire.translate.conversation import Seal
from rolecall.wire.translate.interpreter import Interpreter
from rolecall.wire.translate.names import Names
from rolecall.wire.translate.table import HEARD, SPOKEN, Client

USAGE = Usage(
    input_tokens=100,
    output_tokens=30,
    cache_read_input_tokens=60,
    cache_write_input_tokens=10,
    reasoning_tokens=5,
)
WHO = Client(model="m", counted=True, created=0)
Fate = Literal["carried", "lost", "silent"]


class AnswerFeature(Struct, frozen=True):
    """`reads` picks it out of a reply, `marks` are its signs where no reader is.

    `lost` says what becomes of it, by the client's dialect, where it cannot be told; `marks` are
    what must be there all the same.
    """

    name: str
    said: tuple[Event, ...]
    reads: Callable[[Reply], Any]
    marks: dict[Dialect, tuple[bytes, ...]] = {}
    lost: dict[Dialect, str] = {}
    stop: Stop = "end"
    sources: tuple[Dialect, ...] = MAIN_DIALECTS
    whole: bool = True


def part(number: int, kind: Any, *pieces: str, **more: Any) -> tuple[Event, ...]:
    grown = (Grown(part=number, text=piece) for piece in pieces)
    return (Opened(part=number, kind=kind, **more), *grown, Closed(part=number))


def texts(kind: str) -> Callable[[Reply], Any]:
    return lambda reply: [p.text for p in reply.pieces.values() if p.opened.kind == kind]


def called(reply: Reply) -> Any:
    pieces = [piece for piece in reply.pieces.values() if piece.opened.kind == "call"]
    return [(p.opened.id, p.opened.name, msgspec.json.decode(p.text)) for p in pieces]


_CALLS = (
    *part(0, "call", '{"path"', ':"a.py"}', id="call_1", name="read"),
    *part(1, "call", '{"path":', '"b.py"}', id="call_2", name="read"),
)
_THOUGHT = (
    Opened(part=0, kind="thought"),
    Grown(part=0, text="hm"),
    Sealed(part=0, seal=Seal(dialect="anthropic.messages", maker="p/m", data="c2ln")),
    Closed(part=0),
    *part(1, "call", "{}", id="call_1", name="read"),
)
_TEXT = part(0, "text", "Hel", "lo.")
GEMINI: Dialect = "google.gemini"
OLLAMA: Dialect = "ollama.chat"
CLIENTS: tuple[Dialect, ...] = (*MAIN_DIALECTS, GEMINI, OLLAMA)
_NO_SEQUENCE = "the dialect says that it ended, not by which text"
_AS_TEXT = "the dialect has no refusals: it is told as text"

FEATURES: tuple[AnswerFeature, ...] = (
    AnswerFeature(
        "text in pieces",
        _TEXT,
        texts("text"),
        {GEMINI: (b"Hel", b"lo."), OLLAMA: (b"Hel", b"lo.")},
    ),
    AnswerFeature(
        "parallel calls, arguments in pieces",
        _CALLS,
        called,
        {
            GEMINI: (b'"args":{"path":"a.py"}', b'"args":{"path":"b.py"}', b'"id":"call_2"'),
            OLLAMA: (b'"arguments":{"path":"a.py"}', b'"arguments":{"path":"b.py"}'),
        },
        stop="calls",
    ),
    AnswerFeature(
        "reasoning",
        (*part(0, "thought", "hm"), *part(1, "text", "ok")),
        texts("thought"),
        {GEMINI: (b'"text":"hm","thought":true',), OLLAMA: (b'"thinking":"hm"',)},
    ),
    AnswerFeature(
        "signed reasoning, to be handed back",
        _THOUGHT,
        lambda reply: [p.seal is not None for p in reply.pieces.values()],
        {GEMINI: (b'"thoughtSignature":"cm9sZWNhbGwudjEu',)},
        {
            "openai.chat": "the dialect has no field for it: the next turn goes without",
            OLLAMA: "the dialect has no field for it: the next turn goes without",
        },
        stop="calls",
        sources=("anthropic.messages",),
    ),
    AnswerFeature(
        "refusal",
        part(0, "refusal", "No."),
        texts("refusal"),
        {
            "anthropic.messages": (b'"text":"No."', b'"stop_reason":"refusal"'),
            GEMINI: (b'"text":"No."',),
            OLLAMA: (b'"content":"No."',),
        },
        {"anthropic.messages": _AS_TEXT, GEMINI: _AS_TEXT, OLLAMA: _AS_TEXT},
        stop="refusal",
        sources=("openai.chat", "openai.responses"),
    ),
    AnswerFeature(
        "that it was cut at its longest",
        _TEXT,
        lambda reply: reply.stop,
        {GEMINI: (b'"finishReason":"MAX_TOKENS"',), OLLAMA: (b'"done_reason":"length"',)},
        stop="length",
    ),
    AnswerFeature(
        "which stop sequence ended it",
        _TEXT,
        lambda reply: reply.sequence,
        lost=dict.fromkeys(("openai.chat", "openai.responses", GEMINI, OLLAMA), _NO_SEQUENCE),
        stop="sequence",
        sources=("anthropic.messages",),
    ),
    AnswerFeature(
        "usage: input, output, cached, reasoning",
        _TEXT,
        lambda reply: reply.usage,
        {
            GEMINI: (
                b'"promptTokenCount":100',
                b'"cachedContentTokenCount":60',
                b'"candidatesTokenCount":25',
                b'"thoughtsTokenCount":5',
            ),
            OLLAMA: (b'"prompt_eval_count":100', b'"eval_count":30'),
        },
        {OLLAMA: "the dialect counts input and output alone"},
    ),
    AnswerFeature(
        "an error in mid-stream",
        (*_TEXT, Failed(says="overloaded")),
        lambda reply: reply.failed and reply.failed.says,
        {GEMINI: (b'"message":"overloaded"',), OLLAMA: (b'"error":"overloaded"',)},
        whole=False,
    ),
)


def fate(feature: AnswerFeature, spoken: Dialect, client: Dialect, *, stream: bool) -> Fate:
    """What the client is told of it."""
    given = spoken_as(feature, spoken, stream=stream)
    told = interpreted(given, spoken, client, stream=stream)
    if client in SPOKEN:
        before, after = read(given, spoken, stream=stream), read(told, client, stream=stream)
        arrived = feature.reads(before) == feature.reads(after)
    else:
        marks = feature.marks.get(client, ())
        arrived = bool(marks) and all(mark in told for mark in marks)
    if client in feature.lost:
        kept = feature.marks.get(client, ())
        return "lost" if all(mark in told for mark in kept) else "silent"
    return "carried" if arrived else "silent"


def _events(feature: AnswerFeature) -> Iterator[Event]:
    yield Started(id="a1", model="m")
    yield from feature.said
    if not isinstance(feature.said[-1], Failed):
        sequence = "END" if feature.stop == "sequence" else None
        yield Counted(usage=USAGE)
        yield Stopped(reason=feature.stop, sequence=sequence)
        yield Ended()


def spoken_as(feature: AnswerFeature, spoken: Dialect, *, stream: bool) -> bytes:
    """The answer as a provider of the dialect gives it."""
    writer = HEARD[spoken].writer(WHO)
    if stream:
        return b"".join(map(writer.event, _events(feature)))
    return msgspec.json.encode(writer.whole(collected(_events(feature))))


def interpreted(given: bytes, spoken: Dialect, client: Dialect, *, stream: bool) -> bytes:
    found = Interpreter(spoken, client, maker="p/m", names=Names(()), client=WHO)
    return found.feed(given) + found.close() if stream else found.whole(given)


def read(given: bytes, dialect: Dialect, *, stream: bool) -> Reply:
    reader = SPOKEN[dialect].reader("p/m")
    if not stream:
        return collected(reader.whole(given))
    return collected(event for one in data_of(given) for event in reader.event(one))


Way = tuple[Dialect, Dialect, bool]


def ways(feature: AnswerFeature) -> list[Way]:
    """From whom to whom, streamed and whole."""
    return [
        (spoken, client, stream)
        for client in CLIENTS
        for spoken in feature.sources
        if spoken != client
        for stream in ((True, False) if feature.whole else (True,))
    ]
