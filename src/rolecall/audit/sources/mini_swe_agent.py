"""mini-swe-agent: a trajectory, `*.traj.json`. Seen with 2.4.6.

Each answer is logged with the provider's own document, in the form of a chat completion.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

import msgspec
from msgspec import Struct

from rolecall.audit.history import Call, Counts, Thread
from rolecall.audit.source import Batch, Source, Unit, document, named, whole_file
from rolecall.audit.threads import ThreadReader, Tools
from rolecall.config.machine import Machine
from rolecall.wire import chat
from rolecall.wire.parsed import step_of
from rolecall.wire.steps import blocks_of

NAME = "mini-swe-agent"


class _Details(Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


class _Usage(Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    cache_creation_input_tokens: int | None = None


class _Response(Struct):
    id: str | None = None
    model: str = ""
    usage: _Usage | None = None


class _Extra(Struct):
    response: _Response | None = None
    timestamp: float | None = None


class _Message(chat.Message):
    extra: _Extra | None = None


class _Model(Struct):
    model_name: str = ""


class _Place(Struct):
    cwd: str = ""


class _Config(Struct):
    model: _Model | None = None
    environment: _Place | None = None


class _Info(Struct):
    config: _Config | None = None


class _Trajectory(Struct):
    messages: list[_Message]
    info: _Info | None = None
    trajectory_format: Any = None


_decoder = msgspec.json.Decoder(_Trajectory)
_TASK = re.compile(r"(?s)\APlease solve this issue: (.*?)\n\nYou can execute bash commands.*")
"""The frame that its first message puts around what a person typed."""


def _places(machine: Machine) -> tuple[Path, ...]:
    return (machine.config() / "mini-swe-agent",)


def _claims(path: PurePath) -> bool:
    return path.name.endswith(".traj.json")


def _read(unit: Unit, tools: Tools) -> Batch:
    path = Path(unit.path)
    skipped: Counter[str] = Counter()
    found = document(path, _decoder, skipped)
    if found is None:
        return Batch(skipped=dict(skipped))
    config = found.info.config if found.info else None
    place = config.environment.cwd if config and config.environment else ""
    model = config.model.model_name if config and config.model else ""
    provider = model.partition("/")[0] if "/" in model else ""
    thread = Thread(client=NAME, session=path.name, place=unit.path, workspace=place)
    reader = ThreadReader(thread, tools)
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    for message in found.messages:
        extra = message.extra
        if extra is not None and extra.timestamp:
            at = datetime.fromtimestamp(extra.timestamp, UTC)
        _step(message, reader, at)
        if extra is not None and extra.response is not None and extra.response.usage is not None:
            reader.answer(_call(extra.response, extra.response.usage, provider, at, reader))
    return Batch(threads=(reader.done(),))


def _step(message: _Message, reader: ThreadReader, at: datetime) -> None:
    def texts() -> list[str]:
        return [_TASK.sub(r"\1", text) for text in blocks_of(message.content)]

    reader.step(step_of(message, chat.READING, texts), at)


def _call(
    response: _Response, usage: _Usage, provider: str, at: datetime, reader: ThreadReader
) -> Call:
    sent = usage.prompt_tokens_details or _Details()
    wrote = usage.completion_tokens_details or _Details()
    return Call(
        id=named(response.id, reader.thread.place, at.isoformat()),
        at=at,
        turn=reader.turn,
        model=response.model,
        counts=Counts(
            usage.prompt_tokens,
            usage.completion_tokens,
            sent.cached_tokens or 0,
            usage.cache_creation_input_tokens or sent.cache_write_tokens or 0,
            wrote.reasoning_tokens or 0,
        ),
        provider=provider,
    )


MINI_SWE_AGENT = Source(name=NAME, places=_places, claims=_claims, read=_read, units=whole_file)
