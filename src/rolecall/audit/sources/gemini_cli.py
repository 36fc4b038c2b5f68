"""Gemini CLI: `tmp/<project>/chats/session-*.jsonl`.

A message is logged again, under the same id, when the results of its tools are there. `$set` lines
replace fields of the session, among them at times all messages. Seen with 0.61.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rolecall.audit.history import Call, Counts, Thread
from rolecall.audit.source import Batch, Lines, Source, Unit, whole_file
from rolecall.audit.threads import ThreadReader, Tools
from rolecall.config.machine import Machine
from rolecall.wire import steps
from rolecall.wire.steps import NOTHING, Result, Step, blocks_of, text_or_empty

NAME = "gemini-cli"
_SILENT = frozenset({"info", "error", "warning", "", "compression"})


class _Tokens(Struct):
    input: int = 0
    output: int = 0
    cached: int = 0
    thoughts: int = 0
    tool: int = 0


class _ToolCall(Struct):
    id: Any = None
    name: Any = None
    args: Raw = NOTHING
    status: str = ""
    result: Raw = NOTHING


class _Message(Struct):
    id: str = ""
    type: str = ""
    timestamp: datetime | None = None
    content: Raw = NOTHING
    tokens: _Tokens | None = None
    model: str = ""
    toolCalls: list[_ToolCall] | None = None  # noqa: N815 (the client's own name)


class _Set(Struct):
    messages: list[_Message] | None = None


class _Line(_Message):
    sessionId: str | None = None  # noqa: N815
    kind: str | None = None
    set: _Set | None = msgspec.field(default=None, name="$set")
    rewound: Raw | None = msgspec.field(default=None, name="$rewindTo")


_decoder = msgspec.json.Decoder(_Line)


def _places(machine: Machine) -> tuple[Path, ...]:
    return (machine.home / ".gemini/tmp",)


def _claims(path: PurePath) -> bool:
    return path.match("chats/session-*.jsonl")


def _read(unit: Unit, tools: Tools) -> Batch:
    lines = Lines(unit.path, _decoder)
    session, apart = Path(unit.path).stem, False
    messages: dict[str, _Message] = {}
    for line in lines:
        if line.sessionId is not None:
            session, apart = line.sessionId, line.kind not in (None, "main")
        told = line.set.messages or [] if line.set is not None else [line]
        for message in told:
            if message.id:
                messages[message.id] = _with_usage(message, messages.get(message.id))
            elif message.type not in _SILENT:
                lines.unknown(message.type)
    thread = Thread(
        client=NAME,
        session=session,
        place=unit.path,
        work="subagent" if apart else "turn",
        workspace=_workspace(unit.path),
    )
    reader = ThreadReader(thread, tools)
    for message in messages.values():
        if message.timestamp is not None and message.timestamp.tzinfo is not None:
            _take(message, message.timestamp, reader)
        elif message.type not in _SILENT:
            lines.unknown(f"{message.type} without time")
    return Batch(threads=(reader.done(),), skipped=dict(lines.skipped))


def _with_usage(message: _Message, before: _Message | None) -> _Message:
    """A message that is logged again keeps the usage it had, should the later one name none."""
    if before is not None and message.tokens is None:
        message.tokens, message.model = before.tokens, message.model or before.model
    return message


def _workspace(path: str) -> str:
    """The project's folder holds its place in a file of its own, in newer versions."""
    told = Path(path).parent.parent / ".project_root"
    return told.read_text("utf-8", "replace").strip() if told.is_file() else ""


def _take(message: _Message, at: datetime, reader: ThreadReader) -> None:
    if message.type == "user":
        texts = tuple(blocks_of(message.content))
        if texts:
            reader.step(Step("human", texts=texts), at)
        return
    if message.type != "gemini":
        return
    calls = [call for call in message.toolCalls or () if isinstance(call.name, str)]
    asked = tuple(steps.Call(text_or_empty(c.id), c.name, c.args) for c in calls)
    reader.step(Step("assistant", calls=asked), at)
    if message.tokens is not None:
        reader.answer(_call(message, message.tokens, at, reader))
    results = tuple(_results(calls))
    if results:
        reader.step(Step("tool", results=results), at)


def _results(calls: list[_ToolCall]) -> Iterator[Result]:
    for call in calls:
        if call.status in ("success", "error", "cancelled"):
            text = Raw(msgspec.json.encode(bytes(call.result).decode("utf-8", "replace")))
            yield Result(text_or_empty(call.id), text, call.status != "success")


def _call(message: _Message, tokens: _Tokens, at: datetime, reader: ThreadReader) -> Call:
    """What tools sent stands beside the input, and thoughts beside the output."""
    return Call(
        id=message.id,
        at=at,
        turn=reader.turn,
        model=message.model,
        counts=Counts(
            tokens.input + tokens.tool,
            tokens.output + tokens.thoughts,
            tokens.cached,
            reasoning=tokens.thoughts,
        ),
        provider="google",
        work=reader.thread.work,
    )


GEMINI_CLI = Source(
    name=NAME,
    places=_places,
    claims=_claims,
    read=_read,
    units=whole_file,
    note="routing and other chores are not logged",
)
