"""opencode: the database `opencode.db`; a sub-agent is a session with a parent.

A session that is forked repeats the messages of the first under new ids, with their times: so an
answer is named by its times, its model and its counts. Seen with 1.18.33.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path, PurePath
from sqlite3 import Connection, Row
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rolecall.audit.databases import Unreadable, reading, tables
from rolecall.audit.history import Call, Counts, Thread
from rolecall.audit.source import Batch, Source, Unit
from rolecall.audit.threads import ThreadReader, Tools
from rolecall.config.machine import Machine
from rolecall.types import Work
from rolecall.wire import steps
from rolecall.wire.steps import NOTHING, Result, Step, text_or_empty

NAME = "opencode"
_CHORES: dict[str, Work] = {"title": "title", "summary": "summary", "compaction": "compaction"}
"""Agents of the client's own."""


class _Time(Struct):
    created: float = 0
    completed: float | None = None


class _Cache(Struct):
    read: int = 0
    write: int = 0


class _Tokens(Struct):
    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache: _Cache = msgspec.field(default_factory=_Cache)


class _Message(Struct):
    role: str = ""
    time: _Time = msgspec.field(default_factory=_Time)
    tokens: _Tokens | None = None
    modelID: str = ""  # noqa: N815 (the client's own name)
    providerID: str = ""  # noqa: N815
    agent: str = ""
    mode: str = ""
    cost: Decimal | None = None


class _State(Struct):
    status: str = ""
    input: Raw = NOTHING
    output: Raw = NOTHING


class _Part(Struct):
    type: str = ""
    text: Any = None
    synthetic: bool | None = None
    tool: Any = None
    callID: Any = None  # noqa: N815
    state: _State | None = None


_message = msgspec.json.Decoder(_Message)
_part = msgspec.json.Decoder(_Part)

_SESSIONS = """
SELECT s.id, MAX(s.time_updated, COALESCE(MAX(m.time_updated), 0)), COUNT(m.id)
FROM session s LEFT JOIN message m ON m.session_id = s.id GROUP BY s.id
"""
_MESSAGES = "SELECT id, data FROM message WHERE session_id = ? ORDER BY time_created, id"
_PARTS = "SELECT data FROM part WHERE message_id = ? ORDER BY id"


def _places(machine: Machine) -> tuple[Path, ...]:
    return (machine.folder("XDG_DATA_HOME", ".local/share") / "opencode",)


def _claims(path: PurePath) -> bool:
    return path.name.startswith("opencode") and path.suffix == ".db"


def _units(source: str, path: Path) -> Iterator[Unit]:
    with reading(str(path)) as connection:
        if not {"session", "message", "part"} <= tables(connection):
            raise Unreadable("it has no tables session, message and part")
        for session, updated, count in connection.execute(_SESSIONS):
            mark = f"{updated}:{count}"
            yield Unit(source=source, path=str(path), part=session, mark=mark)


def _read(unit: Unit, tools: Tools) -> Batch:
    skipped: Counter[str] = Counter()
    with reading(unit.path) as connection:
        query = "SELECT parent_id, directory FROM session WHERE id = ?"
        row = connection.execute(query, (unit.part,)).fetchone()
        reader = ThreadReader(_thread(unit, row), tools)
        for id_, data in connection.execute(_MESSAGES, (unit.part,)):
            try:
                message = _message.decode(data)
            except msgspec.DecodeError:
                skipped["damaged messages"] += 1
                continue
            _take(message, list(_parts(connection, id_, skipped)), reader)
    return Batch(threads=(reader.done(),), skipped=dict(skipped))


def _thread(unit: Unit, row: Row | None) -> Thread:
    parent, folder = (row["parent_id"], row["directory"]) if row is not None else (None, None)
    return Thread(
        client=NAME,
        session=unit.part,
        place=unit.path,
        parent=parent or "",
        workspace=folder or "",
        work="subagent" if parent else "turn",
    )


def _parts(connection: Connection, message: str, skipped: Counter[str]) -> Iterator[_Part]:
    for (data,) in connection.execute(_PARTS, (message,)):
        try:
            yield _part.decode(data)
        except msgspec.DecodeError:
            skipped["damaged parts"] += 1


def _take(message: _Message, parts: list[_Part], reader: ThreadReader) -> None:
    at = datetime.fromtimestamp(message.time.created / 1000, UTC)
    texts = tuple(p.text for p in parts if isinstance(p.text, str) and not p.synthetic)
    if message.role == "user":
        reader.step(Step("human", texts=texts), at)
        return
    tools = [p for p in parts if p.type == "tool" and isinstance(p.tool, str) and p.state]
    calls = tuple(
        steps.Call(text_or_empty(p.callID), p.tool, p.state.input) for p in tools if p.state
    )
    reader.step(Step("assistant", calls=calls, texts=texts), at)
    results = tuple(
        Result(text_or_empty(p.callID), p.state.output, p.state.status == "error")
        for p in tools
        if p.state and p.state.status in ("completed", "error")
    )
    if message.tokens is not None:
        reader.answer(_call(message, message.tokens, at, reader))
    if results:
        reader.step(Step("tool", results=results), at)


def _call(message: _Message, tokens: _Tokens, at: datetime, reader: ThreadReader) -> Call:
    """Cached tokens stand beside the input here, and reasoning beside the output."""
    cache = tokens.cache
    counts = Counts(
        tokens.input + cache.read + cache.write,
        tokens.output + tokens.reasoning,
        cache.read,
        cache.write,
        tokens.reasoning,
    )
    told = (message.time.created, message.time.completed or 0, message.modelID, *counts)
    return Call(
        id=" ".join(map(str, told)),
        at=at,
        turn=reader.turn,
        model=message.modelID,
        counts=counts,
        provider=message.providerID,
        work=_CHORES.get(message.agent or message.mode, reader.thread.work),
        stated=message.cost or None,
    )


OPENCODE = Source(
    name=NAME,
    places=_places,
    claims=_claims,
    read=_read,
    units=_units,
    note="titles are not logged",
)
