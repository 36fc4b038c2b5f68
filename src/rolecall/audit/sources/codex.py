"""Codex: `sessions/Y/M/D/rollout-*.jsonl`, one file for each thread, sub-agents included.

`token_usage_record` stands for one answer and names it; the `token_count` after it tells the same.
Before that existed there was only `token_count`, which is repeated without a new answer and then
says the same total. Forks and sub-agents of such versions begin with the counts of the thread they
come from, at new times: an answer is then named by all counts that led to it. The model is that of
the `turn_context` before. Seen with 0.169.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

import msgspec
import xxhash
from msgspec import Raw, Struct

from rolecall.audit.history import Call, Counts, Thread
from rolecall.audit.source import Batch, Lines, Source, Unit, named, text_of, whole_file
from rolecall.audit.threads import ThreadReader, Tools
from rolecall.config.machine import Machine
from rolecall.types import Work
from rolecall.wire import responses
from rolecall.wire.parsed import step_of
from rolecall.wire.steps import NOTHING, UNREADABLE, blocks_of

NAME = "codex"
_SILENT = frozenset({"world_state", "compacted", "inter_agent_communication"})
_CHORES: dict[str, Work] = {"guardian": "approval", "memory": "memory", "compact": "compaction"}
"""Threads of the client's own, by what their source calls them."""


class _Line(Struct):
    type: str = ""
    timestamp: datetime | None = None
    payload: Raw = NOTHING


class _Meta(Struct):
    id: str = ""
    session_id: str | None = None
    parent_thread_id: str | None = None
    forked_from_id: str | None = None
    cwd: str = ""
    model_provider: str | None = None
    source: Any = None


class _Context(Struct):
    model: str = ""


class _Tokens(Struct):
    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_output_tokens: int = 0
    total_tokens: int = 0


class _Used(Struct):
    response_id: str | None = None
    thread_id: str | None = None
    usage: _Tokens | None = None


class _Info(Struct):
    last_token_usage: _Tokens | None = None
    total_token_usage: _Tokens | None = None


class _Limits(Struct):
    plan_type: str | None = None


class _Event(Struct):
    type: str = ""
    info: _Info | None = None
    rate_limits: _Limits | None = None


_line = msgspec.json.Decoder(_Line)
_meta = msgspec.json.Decoder(_Meta)
_context = msgspec.json.Decoder(_Context)
_used = msgspec.json.Decoder(_Used)
_event = msgspec.json.Decoder(_Event)
_item = msgspec.json.Decoder(responses.Item)


class _Rollout:
    """What a file has told so far. `family` is the oldest thread that it repeats, else itself."""

    def __init__(self, unit: Unit, tools: Tools) -> None:
        thread = Thread(client=NAME, session=Path(unit.path).stem, place=unit.path)
        self.reader = ThreadReader(thread, tools)
        self._family = thread.session
        self._begun = False
        self._counts_ahead = False
        self._model = ""
        self._provider = ""
        self._total = 0
        self._led = ""

    def take(self, line: _Line, at: datetime) -> bool:
        """Take up a line; False where its sort is not known."""
        match line.type:
            case "response_item":
                item = _item.decode(line.payload)
                self.reader.step(
                    step_of(item, responses.READING, lambda: blocks_of(item.content)), at
                )
            case "token_usage_record":
                self._used(_used.decode(line.payload), at)
            case "turn_context":
                self._model = _context.decode(line.payload).model
            case "session_meta":
                self._meta(_meta.decode(line.payload))
            case "event_msg":
                if b'"token_count"' in memoryview(line.payload)[:60].tobytes():
                    self._counted(_event.decode(line.payload), at)
            case _:
                return line.type in _SILENT
        return True

    def _meta(self, meta: _Meta) -> None:
        """The first one is this thread's; a fork repeats those of the threads it comes from."""
        if self._begun:
            if meta.id not in ("", self.reader.thread.session):
                self._family = meta.id
            return
        self._begun = True
        self._provider = meta.model_provider or "openai"
        self._family = meta.forked_from_id or meta.id or self._family
        work = _work_of(meta.source)
        parent = meta.parent_thread_id or (meta.session_id if meta.session_id != meta.id else None)
        self.reader.thread = msgspec.structs.replace(
            self.reader.thread,
            session=meta.id or self.reader.thread.session,
            parent=(parent or "") if work != "turn" else "",
            workspace=meta.cwd,
            work=work,
        )

    def _used(self, used: _Used, at: datetime) -> None:
        if used.usage is not None and used.response_id is not None:
            self._counts_ahead = True
            owner = used.thread_id or self._family
            name = named(used.response_id, owner, at.isoformat())
            self.reader.answer(self._call(name, used.usage, at))

    def _counted(self, event: _Event, at: datetime) -> None:
        if event.rate_limits is not None and event.rate_limits.plan_type:
            thread = self.reader.thread
            self.reader.thread = msgspec.structs.replace(thread, plan=event.rate_limits.plan_type)
        info = event.info
        if info is None or info.last_token_usage is None or info.total_token_usage is None:
            return
        total = info.total_token_usage.total_tokens
        if total == self._total:
            return
        self._total = total
        call = self._call(self._name(info), info.last_token_usage, at)
        if not self._counts_ahead:
            self.reader.answer(call)
        self._counts_ahead = False

    def _name(self, info: _Info) -> str:
        """The name of an answer that has none: the same in a thread and in those that repeat it."""
        counts = msgspec.json.encode((self._led, info.total_token_usage, info.last_token_usage))
        self._led = xxhash.xxh3_64_hexdigest(counts)
        return f"{self._family} {self._led}"

    def _call(self, id: str, tokens: _Tokens, at: datetime) -> Call:  # noqa: A002
        return Call(
            id=id,
            at=at,
            turn=self.reader.turn,
            model=self._model,
            counts=Counts(
                tokens.input_tokens,
                tokens.output_tokens,
                tokens.cached_input_tokens,
                tokens.cache_write_input_tokens,
                tokens.reasoning_output_tokens,
            ),
            provider=self._provider,
            work=self.reader.thread.work,
        )


def _work_of(source: object) -> Work:
    """What a thread is, by its source: plain text, or a table that names the sub-agent."""
    told = source.get("subagent") if isinstance(source, dict) else None
    if told is None:
        return "turn"
    named = text_of(told) or (text_of(told.get("other")) if isinstance(told, dict) else "")
    if named == "review":
        return "review"
    return next((work for word, work in _CHORES.items() if word in named), "subagent")


def _places(machine: Machine) -> tuple[Path, ...]:
    own = machine.folder("CODEX_HOME", ".codex")
    return own / "sessions", own / "archived_sessions"


def _claims(path: PurePath) -> bool:
    return path.suffix == ".jsonl" and path.name.startswith("rollout-")


def _read(unit: Unit, tools: Tools) -> Batch:
    lines = Lines(unit.path, _line)
    found = _Rollout(unit, tools)
    for line in lines:
        if line.timestamp is None or line.timestamp.tzinfo is None:
            lines.unknown(f"{line.type} without time")
            continue
        try:
            known = found.take(line, line.timestamp)
        except UNREADABLE:
            lines.skipped[f"{line.type} of another shape"] += 1
            continue
        if not known:
            lines.unknown(line.type)
    return Batch(threads=(found.reader.done(),), skipped=dict(lines.skipped))


CODEX = Source(
    name=NAME,
    places=_places,
    claims=_claims,
    read=_read,
    units=whole_file,
    note="titles are asked for in sessions that are not logged",
)
