"""The table of dialects as translation knows them, and what it does with a request."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from rolecall.types import Dialect
from rolecall.wire.translate import (
    chat_answer,
    chat_body,
    chat_request,
    chat_stream,
    fills,
    fills_answer,
    gemini_request,
    gemini_stream,
    messages_answer,
    messages_body,
    messages_request,
    messages_stream,
    ollama_request,
    ollama_stream,
    responses_answer,
    responses_body,
    responses_request,
    responses_stream,
)
from rolecall.wire.translate.checks import sound
from rolecall.wire.translate.conversation import Conversation, Goal
from rolecall.wire.translate.losses import Losses
from rolecall.wire.translate.reading import Reader, Writer
from rolecall.wire.translate.shapes import Json, opened


class Client(Struct, frozen=True, kw_only=True):
    """Who is answered: the model it asked for, and whether it wants a stream's usage.

    `created` is in seconds since 1970.
    """

    model: str
    counted: bool
    created: int


class Heard(Struct, frozen=True, kw_only=True):
    """The client's side of a dialect: its requests are read, answers are written for it."""

    read: Callable[[Json, Losses], Conversation]
    writer: Callable[[Client], Writer]


class Spoken(Struct, frozen=True, kw_only=True):
    """The provider's side of a dialect: requests are written, its answers are read."""

    write: Callable[[Conversation, Goal, Losses], Json]
    reader: Callable[[str], Reader]


def _chat_writer(client: Client) -> Writer:
    return chat_stream.Writer(client.model, counted=client.counted, created=client.created)


HEARD: dict[Dialect, Heard] = {
    "openai.chat": Heard(read=chat_request.read, writer=_chat_writer),
    "openai.responses": Heard(
        read=responses_request.read,
        writer=lambda client: responses_stream.Writer(client.model, created=client.created),
    ),
    "anthropic.messages": Heard(
        read=messages_request.read,
        writer=lambda client: messages_stream.Writer(client.model),
    ),
    "google.gemini": Heard(
        read=gemini_request.read,
        writer=lambda client: gemini_stream.Writer(client.model),
    ),
    "ollama.chat": Heard(
        read=ollama_request.read_chat,
        writer=lambda client: ollama_stream.Writer(
            client.model, shape="chat", created=client.created
        ),
    ),
    "ollama.generate": Heard(
        read=ollama_request.read_generate,
        writer=lambda client: ollama_stream.Writer(
            client.model, shape="generate", created=client.created
        ),
    ),
    "openai.completions": Heard(
        read=fills.read,
        writer=lambda client: fills_answer.Writer(
            client.model, counted=client.counted, created=client.created
        ),
    ),
    "mistral.fim": Heard(read=fills.read, writer=_chat_writer),
}
SPOKEN: dict[Dialect, Spoken] = {
    "openai.chat": Spoken(write=chat_body.write, reader=chat_answer.Reader),
    "openai.responses": Spoken(write=responses_body.write, reader=responses_answer.Reader),
    "anthropic.messages": Spoken(write=messages_body.write, reader=messages_answer.Reader),
    "openai.completions": Spoken(write=fills.write, reader=fills_answer.Reader),
    "mistral.fim": Spoken(write=fills.write_fim, reader=chat_answer.Reader),
}


class Understood(Struct, frozen=True, kw_only=True):
    """A request in no dialect, and what its reading has lost already."""

    conversation: Conversation
    losses: tuple[str, ...]


class Written(Struct, frozen=True, kw_only=True):
    """A request in another dialect, and all that was lost on the way."""

    body: bytes
    losses: tuple[str, ...]


def understood(dialect: Dialect, body: bytes, *, stream: bool = False) -> Understood:
    """Raises `Refused` where the request cannot be said in another dialect.

    `stream` is whether the client wants one: in some dialects that is not told in the body.
    """
    losses = Losses()
    read = msgspec.structs.replace(HEARD[dialect].read(opened(body), losses), stream=stream)
    found = sound(read, losses)
    if any(tool.grammar for tool in found.tools):
        losses.add("the grammar of a custom tool is told to the model, and not enforced")
    return Understood(conversation=found, losses=losses.says)


def written(found: Understood, dialect: Dialect, goal: Goal) -> Written:
    """The same request for a provider that speaks `dialect`."""
    losses = Losses()
    for says in found.losses:
        losses.add(says)
    body = SPOKEN[dialect].write(found.conversation, goal, losses)
    return Written(body=msgspec.json.encode(body), losses=losses.brief)
