"""pi: `sessions/**/*.jsonl` in its agent's folder. Seen with 0.73.

A session that is forked repeats the lines of the first; an answer is known by the provider's id of
it, or by the line's where it has none.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rolecall.audit.history import Call, Counts, Thread
from rolecall.audit.source import Batch, Lines, Source, Unit, named, whole_file
from rolecall.audit.threads import ThreadReader, Tools
from rolecall.config.machine import Machine
from rolecall.wire import steps
from rolecall.wire.steps import NOTHING, UNREADABLE, Result, Step, blocks_of, text_or_empty

NAME = "pi"
_SILENT = frozenset(
    {
        *("model_change", "thinking_level_change", "label", "session_info", "custom"),
        *("compaction", "branch_summary", "custom_message"),
    }
)


class _Cost(Struct):
    total: Decimal | None = None


class _Usage(Struct):
    input: int = 0
    output: int = 0
    cacheRead: int = 0  # noqa: N815 (the client's own name)
    cacheWrite: int = 0  # noqa: N815
    cost: _Cost | None = None


class _Message(Struct):
    role: str = ""
    content: Raw = NOTHING
    provider: str = ""
    model: str = ""
    usage: _Usage | None = None
    responseId: str | None = None  # noqa: N815
    responseModel: str | None = None  # noqa: N815
    toolCallId: Any = None  # noqa: N815
    isError: bool | None = None  # noqa: N815


class _Line(Struct):
    type: str = ""
    id: str = ""
    timestamp: datetime | None = None
    cwd: str = ""
    message: _Message | None = None


class _Block(Struct):
    type: str = ""
    id: Any = None
    name: Any = None
    arguments: Raw = NOTHING


_decoder = msgspec.json.Decoder(_Line)
_blocks = msgspec.json.Decoder(list[_Block])


def _places(machine: Machine) -> tuple[Path, ...]:
    return (machine.folder("PI_CODING_AGENT_DIR", ".pi/agent") / "sessions",)


def _claims(path: PurePath) -> bool:
    return path.suffix == ".jsonl" and path.match("agent/sessions/*/*.jsonl")


def _read(unit: Unit, tools: Tools) -> Batch:
    lines = Lines(unit.path, _decoder)
    thread = Thread(client=NAME, session=Path(unit.path).stem, place=unit.path)
    reader = ThreadReader(thread, tools)
    for line in lines:
        if line.type == "session":
            reader.thread = msgspec.structs.replace(
                reader.thread, session=line.id or thread.session, workspace=line.cwd
            )
        elif line.type != "message":
            if line.type not in _SILENT:
                lines.unknown(line.type)
        elif line.message is None or line.timestamp is None or line.timestamp.tzinfo is None:
            lines.unknown("message without content or time")
        else:
            _take(line, line.message, line.timestamp, reader)
    return Batch(threads=(reader.done(),), skipped=dict(lines.skipped))


def _take(line: _Line, message: _Message, at: datetime, reader: ThreadReader) -> None:
    match message.role:
        case "user":
            reader.step(Step("human", texts=tuple(blocks_of(message.content))), at)
        case "toolResult":
            failed = message.isError is True
            result = Result(text_or_empty(message.toolCallId), message.content, failed)
            reader.step(Step("tool", results=(result,)), at)
        case "assistant":
            reader.step(Step("assistant", calls=_calls(message.content)), at)
            if message.usage is not None:
                reader.answer(_call(line, message, message.usage, at, reader))
        case _:
            pass


def _calls(content: Raw) -> tuple[steps.Call, ...]:
    try:
        blocks = _blocks.decode(content)
    except UNREADABLE:
        return ()
    return tuple(
        steps.Call(text_or_empty(one.id), one.name, one.arguments)
        for one in blocks
        if one.type == "toolCall" and isinstance(one.name, str)
    )


def _call(
    line: _Line, message: _Message, usage: _Usage, at: datetime, reader: ThreadReader
) -> Call:
    """Cached tokens stand beside the input here."""
    whole = usage.input + usage.cacheRead + usage.cacheWrite
    return Call(
        id=named(message.responseId, line.id, at.isoformat()),
        at=at,
        turn=reader.turn,
        model=message.responseModel or message.model,
        counts=Counts(whole, usage.output, usage.cacheRead, usage.cacheWrite),
        provider=message.provider,
        stated=(usage.cost.total if usage.cost else None) or None,
    )


PI = Source(
    name=NAME,
    places=_places,
    claims=_claims,
    read=_read,
    units=whole_file,
    note="compactions are not logged",
)
