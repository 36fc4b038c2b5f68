"""llm: the database `logs.db`; before version 0.32 in `responses`, since then in `turns`.

Seen with 0.36. What was typed is not read: an answer of `llm` is one question and one answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePath
from sqlite3 import Row

import msgspec
from msgspec import Struct

from rolecall.audit.databases import Unreadable, reading, tables
from rolecall.audit.history import Call, Counts, Thread
from rolecall.audit.source import Batch, Source, Unit, number_of, text_of
from rolecall.audit.threads import ThreadReader, Tools
from rolecall.config.machine import Machine
from rolecall.wire.steps import UNREADABLE, Step

NAME = "llm"
_TURNS = """
SELECT id, thread_id AS thread, model, resolved_model, input_tokens, output_tokens, token_details,
datetime_utc, response_json, NULL AS prompt FROM turns ORDER BY datetime_utc
"""
_RESPONSES = """
SELECT id, conversation_id AS thread, model, resolved_model, input_tokens, output_tokens,
token_details, datetime_utc, NULL AS response_json, prompt FROM responses ORDER BY datetime_utc
"""
_PROMPT = "SELECT prompt FROM turn_search WHERE turn_id = ?"


class _Details(Struct):
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class _Usage(Struct):
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None


class _Told(Struct):
    model: str = ""
    usage: _Usage | None = None


def _places(machine: Machine) -> tuple[Path, ...]:
    return (machine.folder("LLM_USER_PATH", str(machine.config() / "io.datasette.llm")),)


def _claims(path: PurePath) -> bool:
    return path.match("io.datasette.llm/logs.db") or path.name == "logs.db"


def _units(source: str, path: Path) -> Iterator[Unit]:
    found = path.stat()
    log = Path(f"{path}-wal")
    beside = log.stat().st_mtime_ns if log.exists() else 0
    mark = f"{found.st_size}:{found.st_mtime_ns}:{beside}"
    yield Unit(source=source, path=str(path), mark=mark, size=found.st_size)


def _read(unit: Unit, tools: Tools) -> Batch:
    skipped: Counter[str] = Counter()
    readers: dict[str, ThreadReader] = {}
    with reading(unit.path) as connection:
        known = tables(connection)
        queries = [q for name, q in (("turns", _TURNS), ("responses", _RESPONSES)) if name in known]
        if not queries:
            raise Unreadable("it has neither a table turns nor responses")
        for query in queries:
            for row in connection.execute(query):
                words = row["prompt"]
                if words is None and "turn_search" in known:
                    found = connection.execute(_PROMPT, (row["id"],)).fetchone()
                    words = found["prompt"] if found else None
                name = text_of(row["thread"]) or text_of(row["id"])
                if name not in readers:
                    thread = Thread(client=NAME, session=name, place=unit.path)
                    readers[name] = ThreadReader(thread, tools)
                _take(row, text_of(words), readers[name], skipped)
    return Batch(threads=tuple(r.done() for r in readers.values()), skipped=dict(skipped))


def _take(row: Row, words: str, reader: ThreadReader, skipped: Counter[str]) -> None:
    try:
        at = datetime.fromisoformat(text_of(row["datetime_utc"]))
    except ValueError:
        skipped["answers without time"] += 1
        return
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    if words:
        reader.step(Step("human", texts=(words,)), at)
    if row["input_tokens"] is None:
        skipped["answers without usage"] += 1
        return
    told = _told(row["response_json"])
    reader.answer(
        Call(
            id=text_of(row["id"]),
            at=at,
            turn=reader.turn,
            model=told.model or text_of(row["resolved_model"]) or text_of(row["model"]),
            counts=_counts(row, told.usage),
        )
    )


def _told(text: object) -> _Told:
    """What the provider said besides, as far as it is kept; an older version keeps it otherwise."""
    try:
        return msgspec.json.decode(text_of(text) or "{}", type=_Told)
    except UNREADABLE:
        return _Told()


def _counts(row: Row, usage: _Usage | None) -> Counts:
    """Details stand in the provider's answer, or alone where that is not kept."""
    if usage is None:
        try:
            usage = msgspec.json.decode(text_of(row["token_details"]) or "{}", type=_Usage)
        except UNREADABLE:
            usage = _Usage()
    sent, wrote = usage.prompt_tokens_details, usage.completion_tokens_details
    return Counts(
        number_of(row["input_tokens"]),
        number_of(row["output_tokens"]),
        (sent.cached_tokens if sent else 0) or 0,
        reasoning=(wrote.reasoning_tokens if wrote else 0) or 0,
    )


LLM = Source(name=NAME, places=_places, claims=_claims, read=_read, units=_units)
