"""Mistral Vibe 3: `logs/session/unified/<session>/`, read a session at a time.

A `completion` in a journal stands for one answer. A journal is dropped once a newer generation
holds its state; what is left of it then is the session's running total. So what the total has
beyond the journals that are there counts as one lump: nothing is lost, nothing is counted twice. A
sub-agent has a session of its own, and no log says with which model it works. Seen with 3.0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rolecall.audit.history import Call, Counts, Thread
from rolecall.audit.source import Batch, Lines, Source, Unit, moment_of
from rolecall.audit.threads import ThreadReader, Tools
from rolecall.config.machine import Machine
from rolecall.types import Work
from rolecall.wire import steps
from rolecall.wire.steps import NOTHING, UNREADABLE, Result, Step, blocks_of, text_or_empty

NAME = "mistral-vibe"
_PURPOSES: dict[str, Work] = {
    "title": "title",
    "compaction": "compaction",
    "smart_approve": "approval",
}


class _Record(Struct):
    type: str = ""
    payload: Raw = NOTHING


class _Usage(Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0


class _Arguments(Struct):
    raw: Raw = NOTHING


class _Block(Struct):
    type: str = ""
    id: Any = None
    name: Any = None
    arguments: _Arguments | None = None


class _Message(Struct):
    role: str = ""
    content: Raw = NOTHING
    tool_call_id: Any = None
    outcome: str = ""


class _Messages(Struct):
    messages: list[_Message] = []
    type: str = ""


class _Input(Struct):
    messages: _Messages | None = None


class _Request(Struct):
    model_input: _Input | None = None
    purpose: str = ""


class _Intent(Struct):
    action_id: str = ""
    kind: str = ""
    request: _Request | None = None


class _Completion(Struct):
    usage: _Usage | None = None


class _Succeeded(Struct):
    type: str = ""
    result: Raw = NOTHING


class _Done(Struct):
    action_id: str = ""
    result: _Succeeded | None = None


class _Determinism(Struct):
    time_unix_ms: float | None = None


class _CoreInput(Struct):
    determinism: _Determinism | None = None


class _Core(Struct):
    input: _CoreInput | None = None


class _Totals(Struct, rename="camel"):
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0


class _Session(Struct, rename="camel"):
    token_usage: _Totals | None = None
    created_at: float = 0


class _State(Struct):
    session: _Session | None = None


class _Projection(Struct):
    snapshot: _State | None = None
    snapshot_sequence: int = 0


class _Current(Struct):
    generation: str = ""


class _Config(Struct):
    model_name: str = ""


class _Environment(Struct):
    working_directory: str = ""


class _Meta(Struct):
    config: _Config | None = None
    environment: _Environment | None = None
    start_time: str | None = None


_record = msgspec.json.Decoder(_Record)
_intent = msgspec.json.Decoder(_Intent)
_done = msgspec.json.Decoder(_Done)
_core = msgspec.json.Decoder(_Core)
_completion = msgspec.json.Decoder(_Completion)
_blocks = msgspec.json.Decoder(list[_Block])


class _Journals:
    """What the journals of a session have told so far."""

    def __init__(self, thread: Thread, model: str, at: datetime, tools: Tools) -> None:
        self.reader = ThreadReader(thread, tools)
        self.before: list[Counts] = []
        self._model = model
        self._at = at
        self._purposes: dict[str, Work] = {}

    def take(self, record: _Record, *, settled: bool) -> None:
        """Take up a record; `settled` says that the session's total holds its answer already."""
        match record.type:
            case "core_input":
                core = _core.decode(record.payload).input
                if core and core.determinism and core.determinism.time_unix_ms:
                    self._at = datetime.fromtimestamp(core.determinism.time_unix_ms / 1000, UTC)
            case "action_intent":
                intent = _intent.decode(record.payload)
                if intent.kind == "completion" and intent.request is not None:
                    self._asked(intent.action_id, intent.request)
            case "action_result":
                done = _done.decode(record.payload)
                if done.result is not None and done.result.type == "completion_succeeded":
                    self._answered(done.action_id, done.result, settled=settled)
            case _:
                pass

    def _asked(self, action: str, request: _Request) -> None:
        work = self.reader.thread.work if request.purpose in ("agent", "") else "chore"
        self._purposes[action] = _PURPOSES.get(request.purpose, work)
        told = request.model_input.messages if request.model_input else None
        if told is None or (told.type == "replace" and not self.reader.is_empty):
            return
        for message in told.messages:
            self.reader.step(_step(message), self._at)

    def _answered(self, action: str, done: _Succeeded, *, settled: bool) -> None:
        usage = _completion.decode(done.result).usage
        if usage is None:
            return
        counts = Counts(usage.input_tokens, usage.output_tokens, usage.cached_input_tokens)
        if settled:
            self.before.append(counts)
        self.reader.answer(self._call(action, counts))

    def _call(self, id: str, counts: Counts, *, lump: bool = False) -> Call:  # noqa: A002
        return Call(
            id=id,
            at=self._at,
            turn=self.reader.turn,
            model=self._model,
            counts=counts,
            provider="mistral" if self._model.startswith(("mistral", "devstral")) else "",
            work=self._purposes.get(id, self.reader.thread.work),
            lump=lump,
        )

    def add_rest(self, totals: _Totals) -> None:
        """What the total has beyond the answers that are still told one by one."""
        counts = Counts(
            totals.input_tokens - sum(one.input for one in self.before),
            totals.output_tokens - sum(one.output for one in self.before),
            totals.cached_input_tokens - sum(one.read for one in self.before),
        )
        if min(counts) >= 0 and counts.input + counts.output > 0:
            call = self._call(f"{self.reader.thread.session} earlier", counts, lump=True)
            self.reader.answer(msgspec.structs.replace(call, turn=0))


def _step(message: _Message) -> Step:
    match message.role:
        case "user":
            return Step("human", texts=tuple(blocks_of(message.content)))
        case "tool":
            failed = message.outcome not in ("success", "")
            result = Result(text_or_empty(message.tool_call_id), message.content, failed)
            return Step("tool", results=(result,))
        case "system":
            return Step("system")
        case _:
            return Step("assistant", calls=tuple(_calls(message.content)))


def _calls(content: Raw) -> Iterator[steps.Call]:
    for block in _blocks.decode(content):
        if block.type == "tool_call" and isinstance(block.name, str):
            given = block.arguments.raw if block.arguments else NOTHING
            yield steps.Call(text_or_empty(block.id), block.name, given)


def _places(machine: Machine) -> tuple[Path, ...]:
    return (machine.folder("VIBE_HOME", ".vibe") / "logs/session/unified",)


def _claims(path: PurePath) -> bool:
    return path.name == "CURRENT" and "unified" in path.parts[:-2]


def _units(source: str, path: Path) -> Iterator[Unit]:
    """A session's folder; its journals are what grows."""
    files = [path, *sorted((path.parent / "journal").glob("*.jsonl"))]
    found = [file.stat() for file in files]
    mark = ":".join(f"{one.st_size}.{one.st_mtime_ns}" for one in found)
    yield Unit(source=source, path=str(path.parent), mark=mark, size=sum(f.st_size for f in found))


def _decoded(path: Path, kind: type[Any], skipped: Counter[str]) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, *UNREADABLE):
        skipped[f"{path.name} of another shape"] += 1
        return None


def _read(unit: Unit, tools: Tools) -> Batch:
    folder = Path(unit.path)
    skipped: Counter[str] = Counter()
    meta = _decoded(folder / "meta.json", _Meta, skipped)
    current = _decoded(folder / "CURRENT", _Current, skipped)
    generation = folder / "generations" / (current.generation if current else "-")
    state = _decoded(generation / "projection-state.json", _Projection, skipped)
    session = state.snapshot.session if state and state.snapshot else None
    created = session.created_at / 1000 if session else 0.0
    started = moment_of(meta.start_time) if meta else None
    found = _Journals(
        _thread(folder, meta),
        meta.config.model_name if meta and meta.config else "",
        started or datetime.fromtimestamp(created, UTC),
        tools,
    )
    last = state.snapshot_sequence if state else 0
    for journal in sorted((folder / "journal").glob("*.jsonl")):
        _walk(journal, found, skipped, settled=_first(journal) <= last)
    if session and session.token_usage:
        found.add_rest(session.token_usage)
    return Batch(threads=(found.reader.done(),), skipped=dict(skipped))


def _walk(journal: Path, found: _Journals, skipped: Counter[str], *, settled: bool) -> None:
    lines = Lines(str(journal), _record)
    for record in lines:
        try:
            found.take(record, settled=settled)
        except UNREADABLE:
            skipped[f"{record.type} of another shape"] += 1
    skipped.update(lines.skipped)


def _first(journal: Path) -> int:
    """The sequence number that a journal begins with is its name."""
    return int(journal.stem) if journal.stem.isdecimal() else 0


def _thread(folder: Path, meta: _Meta | None) -> Thread:
    return Thread(
        client=NAME,
        session=folder.name,
        place=str(folder),
        workspace=meta.environment.working_directory if meta and meta.environment else "",
        work="turn" if meta else "subagent",
    )


VIBE = Source(
    name=NAME,
    places=_places,
    claims=_claims,
    read=_read,
    units=_units,
    note="sub-agents do not say with which model they work",
    connect="vibe",
)
