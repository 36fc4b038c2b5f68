"""Claude Code: `projects/<folder>/<session>.jsonl`, with sub-agents in folders beside it.

An answer is logged in one line for each of its blocks, with the usage repeated: `message.id` says
that it is one. A session that is forked repeats the lines of the first, and a side question those
of the conversation it looks at, under a `requestId` of its own (ccusage/ccusage#913). Seen with
2.1.197.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path, PurePath

import msgspec
from msgspec import Struct

from rolecall.audit.history import Call, Counts, Thread
from rolecall.audit.source import Batch, Lines, Source, Unit, named, whole_file
from rolecall.audit.threads import ThreadReader, Tools
from rolecall.config.machine import Machine
from rolecall.wire import messages
from rolecall.wire.parsed import step_of
from rolecall.wire.steps import Step, blocks_of

NAME = "claude-code"
_OWN = "<synthetic>"
"""The model of messages that the client writes itself."""
_SILENT = frozenset(
    {
        *("summary", "system", "attachment", "queue-operation", "last-prompt", "progress"),
        *("file-history-snapshot", "custom-title", "agent-name", "tag", "pr-link", "mode"),
        *("ai-title", "agent-color", "agent-setting", "worktree-state", "content-replacement"),
        *("permission-mode", "marble-origami-commit", "marble-origami-snapshot", "speculation"),
    }
)
"""Sorts of lines that tell of no call."""


class _Creation(Struct):
    ephemeral_1h_input_tokens: int | None = None


class _Usage(Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _Creation | None = None


class _Message(messages.Message):
    id: str | None = None
    model: str | None = None
    usage: _Usage | None = None


class _Line(Struct):
    type: str = ""
    timestamp: datetime | None = None
    sessionId: str = ""  # noqa: N815 (the client's own name)
    agentId: str | None = None  # noqa: N815
    requestId: str | None = None  # noqa: N815
    cwd: str = ""
    isMeta: bool | None = None  # noqa: N815
    isSidechain: bool | None = None  # noqa: N815
    isCompactSummary: bool | None = None  # noqa: N815
    message: _Message | None = None


_decoder = msgspec.json.Decoder(_Line)


def _places(machine: Machine) -> tuple[Path, ...]:
    own = machine.folder("CLAUDE_CONFIG_DIR", ".claude")
    return tuple(dict.fromkeys((own / "projects", machine.home / ".config/claude/projects")))


def _claims(path: PurePath) -> bool:
    return path.suffix == ".jsonl" and "projects" in path.parts[:-2]


def _read(unit: Unit, tools: Tools) -> Batch:
    lines = Lines(unit.path, _decoder)
    readers: dict[tuple[str, str, bool], ThreadReader] = {}
    begun: dict[str, datetime] = {}
    for line in lines:
        if line.type not in ("assistant", "user"):
            if line.type not in _SILENT:
                lines.unknown(line.type)
        elif line.message is None or line.timestamp is None or line.timestamp.tzinfo is None:
            lines.unknown(f"{line.type} without message or time")
        else:
            key = (line.sessionId, line.agentId or "", line.isSidechain is True)
            if key not in readers:
                readers[key] = ThreadReader(_thread(line, unit), tools)
            reader = readers[key]
            if _say(line, line.message, line.timestamp, reader):
                _answer(line, line.message, line.timestamp, reader, begun)
    return Batch(threads=tuple(r.done() for r in readers.values()), skipped=dict(lines.skipped))


def _thread(line: _Line, unit: Unit) -> Thread:
    apart = bool(line.agentId) or line.isSidechain is True
    return Thread(
        client=NAME,
        session=line.agentId or line.sessionId if apart else line.sessionId,
        parent=line.sessionId if apart else "",
        place=unit.path,
        workspace=line.cwd,
        work="subagent" if apart else "turn",
    )


def _say(line: _Line, message: _Message, at: datetime, reader: ThreadReader) -> bool:
    """Take up what was said; False where that is the client's own word and no answer."""
    if line.isCompactSummary:
        reader.step(Step("system", texts=tuple(blocks_of(message.content))), at)
        return False
    if line.isMeta or message.model == _OWN:
        return False
    reader.step(step_of(message, messages.READING, lambda: blocks_of(message.content)), at)
    return line.type == "assistant"


def _answer(
    line: _Line, message: _Message, at: datetime, reader: ThreadReader, begun: dict[str, datetime]
) -> None:
    """Take up the usage of an answer. `begun` knows the time of each answer's first line."""
    if message.usage is None or message.id is None:
        return
    counts, model = _counts(message.usage), message.model or ""
    known = f"{message.id} {line.requestId} {counts.input}"
    reader.answer(
        Call(
            id=named(message.id, known, begun.setdefault(known, at).isoformat()),
            at=at,
            turn=reader.turn,
            model=model,
            counts=counts,
            provider="anthropic" if model.startswith("claude") else "",
            work=reader.thread.work,
        )
    )


def _counts(usage: _Usage) -> Counts:
    """Cached parts are beside the input here; they are part of ours."""
    read, write = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    kept = usage.cache_creation.ephemeral_1h_input_tokens if usage.cache_creation else 0
    whole = usage.input_tokens + read + write
    return Counts(whole, usage.output_tokens, read, write, write_1h=kept or 0)


CLAUDE_CODE = Source(
    name=NAME,
    places=_places,
    claims=_claims,
    read=_read,
    units=whole_file,
    note="titles and other chores of its small model are not logged",
)
