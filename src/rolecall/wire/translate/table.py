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
    messages_answer,
    messages_body,
    messages_request,
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


class Tongue(Struct, frozen=True, kw_only=True):
    """The four mappings of a dialect."""

    read: Callable[[Json, Losses], Conversation]
    write: Callable[[Conversation, Goal, Losses], Json]
    reader: Callable[[str], Reader]
    writer: Callable[[Client], Writer]


TONGUES: dict[Dialect, Tongue] = {
    "openai.chat": Tongue(
        read=chat_request.read,
        write=chat_body.write,
        reader=chat_answer.Reader,
        writer=lambda client: chat_answer.Writer(
            client.model, counted=client.counted, created=client.created
        ),
    ),
    "openai.responses": Tongue(
        read=responses_request.read,
        write=responses_body.write,
        reader=responses_answer.Reader,
        writer=lambda client: responses_stream.Writer(client.model, created=client.created),
    ),
    "anthropic.messages": Tongue(
        read=messages_request.read,
        write=messages_body.write,
        reader=messages_answer.Reader,
        writer=lambda client: messages_answer.Writer(client.model),
    ),
}


class Understood(Struct, frozen=True, kw_only=True):
    """A request in no dialect, and what its reading has lost already."""

    conversation: Conversation
    losses: tuple[str, ...]


class Written(Struct, frozen=True, kw_only=True):
    """A request in another dialect, and all that was lost on the way."""

    body: bytes
    losses: tuple[str, ...]


def understood(dialect: Dialect, body: bytes) -> Understood:
    """Raises `Refused` where the request cannot be said in another dialect."""
    losses = Losses()
    found = sound(TONGUES[dialect].read(opened(body), losses), losses)
    if any(tool.grammar for tool in found.tools):
        losses.add("the grammar of a custom tool is told to the model, and not enforced")
    return Understood(conversation=found, losses=losses.says)


def written(found: Understood, dialect: Dialect, goal: Goal) -> Written:
    """The same request for a provider that speaks `dialect`."""
    losses = Losses()
    for says in found.losses:
        losses.add(says)
    body = TONGUES[dialect].write(found.conversation, goal, losses)
    return Written(body=msgspec.json.encode(body), losses=losses.brief)
