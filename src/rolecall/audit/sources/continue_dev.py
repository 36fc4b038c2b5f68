"""Continue: `sessions/<id>.json`, and `sessions.json` beside them with the day each began.

A message has no time of its own: all of a session count for its beginning. Seen with `cn` 1.5.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rolecall.audit.history import Call, Counts, Thread
from rolecall.audit.source import Batch, Source, Unit, document, whole_file
from rolecall.audit.threads import ThreadReader, Tools
from rolecall.config.machine import Machine
from rolecall.wire import chat
from rolecall.wire.parsed import step_of
from rolecall.wire.steps import NOTHING, UNREADABLE, Result, Step, blocks_of, text_or_empty

NAME = "continue"
_LIST = "sessions.json"


class _Details(Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _Usage(Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _Details | None = None
    model: str = ""


class _Message(chat.Message):
    toolCalls: list[chat.Named] | None = None  # noqa: N815 (the client's own name)
    usage: _Usage | None = None


class _Output(Struct):
    content: Any = None


class _State(Struct):
    toolCallId: Any = None  # noqa: N815
    status: str = ""
    output: list[_Output] | None = None


class _Entry(Struct):
    message: _Message | None = None
    toolCallStates: list[_State] | None = None  # noqa: N815


class _Session(Struct):
    sessionId: str = ""  # noqa: N815
    workspaceDirectory: str = ""  # noqa: N815
    history: list[_Entry] = []


class _Listed(Struct):
    sessionId: str = ""  # noqa: N815
    dateCreated: str = ""  # noqa: N815


_decoder = msgspec.json.Decoder(_Session)
_list = msgspec.json.Decoder(list[_Listed])


def _places(machine: Machine) -> tuple[Path, ...]:
    return (machine.folder("CONTINUE_GLOBAL_DIR", ".continue") / "sessions",)


def _claims(path: PurePath) -> bool:
    return path.match(".continue/sessions/*.json") and path.name != _LIST


def _read(unit: Unit, tools: Tools) -> Batch:
    path = Path(unit.path)
    skipped: Counter[str] = Counter()
    session = document(path, _decoder, skipped)
    if session is None:
        return Batch(skipped=dict(skipped))
    at = _began(path, session.sessionId)
    reader = ThreadReader(
        Thread(
            client=NAME,
            session=session.sessionId or path.stem,
            place=unit.path,
            workspace=session.workspaceDirectory.removeprefix("file://"),
            untimed=True,
        ),
        tools,
    )
    for number, entry in enumerate(session.history):
        if entry.message is not None:
            _take(number, entry, entry.message, at, reader)
    return Batch(threads=(reader.done(),))


def _began(path: Path, session: str) -> datetime:
    try:
        listed = _list.decode((path.parent / _LIST).read_bytes())
    except (OSError, *UNREADABLE):
        listed = []
    told = next((one.dateCreated for one in listed if one.sessionId == session), "")
    seconds = int(told) / 1000 if told.isdecimal() else path.stat().st_mtime
    return datetime.fromtimestamp(seconds, UTC)


def _take(
    number: int, entry: _Entry, message: _Message, at: datetime, reader: ThreadReader
) -> None:
    message.tool_calls = message.toolCalls
    reader.step(step_of(message, chat.READING, lambda: blocks_of(message.content)), at)
    if message.usage is not None:
        reader.answer(_call(number, message.usage, at, reader))
    results = tuple(_result(one) for one in entry.toolCallStates or () if one.output is not None)
    if results:
        reader.step(Step("tool", results=results), at)


def _result(state: _State) -> Result:
    texts = [one.content for one in state.output or () if isinstance(one.content, str)]
    text = Raw(msgspec.json.encode("\n".join(texts))) if texts else NOTHING
    return Result(text_or_empty(state.toolCallId), text, state.status == "errored")


def _call(number: int, usage: _Usage, at: datetime, reader: ThreadReader) -> Call:
    details = usage.prompt_tokens_details or _Details()
    return Call(
        id=f"{reader.thread.session} {number}",
        at=at,
        turn=reader.turn,
        model=usage.model,
        counts=Counts(
            usage.prompt_tokens,
            usage.completion_tokens,
            details.cached_tokens or 0,
            details.cache_write_tokens or 0,
        ),
    )


CONTINUE = Source(
    name=NAME,
    places=_places,
    claims=_claims,
    read=_read,
    units=whole_file,
    note="only the day on which a session began is known",
)
