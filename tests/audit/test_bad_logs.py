"""Damaged, foreign and hostile logs: nothing crashes, nothing runs, and what is skipped is told."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.audit.history import Counts
from rolecall.audit.html import page
from rolecall.audit.source import Lines
from rolecall.audit.table import SOURCES
from rolecall.audit.threads import load_tools
from rolecall.errors import ConfigError
from support import client_logs
from support.audits import ask, audited
from support.histories import ClaudeLog, Used

SONNET = "claude-sonnet-5-5"
WRITERS = (
    *(client_logs.gemini_cli, client_logs.pi, client_logs.continue_dev),
    *(client_logs.mini_swe_agent, client_logs.llm, client_logs.codex, client_logs.aider),
)
HOSTILE = '<script>alert(1)</script>\x1b[31m\x07=HYPERLINK("x")'


def test_a_half_written_line_is_told_and_read_when_it_is_whole(tmp_path: Path) -> None:
    """A client may be writing at this moment."""
    log = ClaudeLog(tmp_path, "one").turn("Go on.", SONNET, [Used(), Used()])
    whole = log.path.read_bytes()
    log.path.write_bytes(whole[:-40])
    report, _ = audited(ask(tmp_path))
    assert "claude-code: 1 half-written lines" in report.notes
    assert report.total.calls == 1
    log.path.write_bytes(whole)
    report, _ = audited(ask(tmp_path))
    assert report.total.calls == 2
    assert not [note for note in report.notes if "half" in note]


def test_damaged_lines_and_unknown_records_are_named(tmp_path: Path) -> None:
    """Each by what it is, with its number; the rest of the file counts."""
    log = ClaudeLog(tmp_path, "one").turn("Go on.", SONNET)
    with log.path.open("ab") as file:
        file.write(b"\x00\xff\xfe no json\n{}\n[1, 2]\n" + b'{"type": "brand-new"}\n' * 3)
        file.write(b'{"type": "assistant", "timestamp": "2026-11-10T09:00:00Z"}\n')
        file.write(b'{"type": "assistant", "timestamp": "yesterday"}\n')
    log.turn("Go on.", SONNET)
    report, _ = audited(ask(tmp_path))
    assert report.total.calls == 2
    told = " ".join(report.notes)
    assert "3 damaged lines" in told
    assert "3 records 'brand-new'" in told
    assert "1 records 'assistant without message or time'" in told


def test_another_encoding_is_damage_and_no_more(tmp_path: Path) -> None:
    """A log that somebody saved as UTF-16."""
    log = ClaudeLog(tmp_path, "one").turn("Go on.", SONNET)
    text = log.path.read_text()
    log.path.write_bytes(text.encode("utf-16"))
    report, _ = audited(ask(tmp_path))
    assert report.total.calls == 0
    assert any("damaged lines" in note or "half-written" in note for note in report.notes)


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    """64 MiB are looked at, the rest is passed over, and the next line is read."""
    log = ClaudeLog(tmp_path, "one").turn("Go on.", SONNET)
    with log.path.open("ab") as file:
        file.write(b'{"type": "user", "x": "')
        for _ in range(130):
            file.write(b"a" * (1024 * 1024))
        file.write(b'"}\n')
    log.turn("Go on.", SONNET)
    report, _ = audited(ask(tmp_path))
    assert report.total.calls == 2
    assert "claude-code: 1 lines over 64 MiB" in report.notes


def test_a_locked_database_is_told_and_tried_again(tmp_path: Path) -> None:
    """Opencode may hold it; nothing else of the audit is lost."""
    ClaudeLog(tmp_path, "one").turn("Go on.", SONNET)
    path = tmp_path / ".local/share/opencode/opencode.db"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TABLE session (id, parent_id, directory, time_updated)")
        db.execute("CREATE TABLE message (id, session_id, time_created, time_updated, data)")
        db.execute("CREATE TABLE part (id, message_id, data)")
        db.execute("INSERT INTO session VALUES ('s', NULL, '/w', 1)")
        db.execute("BEGIN EXCLUSIVE")
        path.with_name("opencode.db-wal").touch()  # somebody has it open
        report, _ = audited(ask(tmp_path))
        db.execute("COMMIT")
    assert report.total.calls == 1
    assert any("cannot be read: database is locked" in note for note in report.notes)
    report, _ = audited(ask(tmp_path))
    assert not [note for note in report.notes if "locked" in note]


def test_a_database_of_another_shape(tmp_path: Path) -> None:
    """A file that is none, and tables that are not the known ones."""
    folder = tmp_path / ".local/share/opencode"
    folder.mkdir(parents=True)
    (folder / "opencode.db").write_bytes(b"SQLite? no.")
    with closing(sqlite3.connect(folder / "opencode-next.db")) as db:
        db.execute("CREATE TABLE conversations (id)")
    report, _ = audited(ask(tmp_path))
    told = " ".join(report.notes)
    assert "file is not a database" in told
    assert "it has no tables session, message and part" in told


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    """No file of a client is made, changed or removed."""
    ClaudeLog(tmp_path, "one").turn("Go on.", SONNET)
    path = tmp_path / ".local/share/opencode/opencode.db"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE session (id, parent_id, directory, time_updated)")
        db.execute("CREATE TABLE message (id, session_id, time_created, time_updated, data)")
        db.execute("CREATE TABLE part (id, message_id, data)")
    sessions = {"one": [Counts(900, 30)], "two": [Counts(800, 20, 300)]}
    for write in WRITERS:
        write(tmp_path, sessions)
    before = state(tmp_path)
    for paths in ([], [tmp_path]):
        report, _ = audited(ask(tmp_path, paths))
        assert report.total.calls > 2 * len(WRITERS) - 2
    after = {name: told for name, told in state(tmp_path).items() if "rolecall" not in name}
    assert after == before


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """What each file holds and when it was changed."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


def test_a_document_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    """One that holds a whole session is read at once, and therefore only up to a size."""
    path = tmp_path / ".continue/sessions/a.json"
    path.parent.mkdir(parents=True)
    path.touch()
    os.truncate(path, 300 * 1024 * 1024)
    report, _ = audited(ask(tmp_path))
    assert "continue: 1 documents over 256 MiB" in report.notes


def test_hostile_text_is_text(tmp_path: Path) -> None:
    """HTML, control sequences and formulas stand in names; none reaches a terminal or a browser."""
    log = ClaudeLog(tmp_path, "one", folder=f"/home/{HOSTILE}".replace("/script", "script"))
    for _ in range(4):
        log.turn(HOSTILE, f"claude-{HOSTILE}".replace("/", "|"), [Used(input=9000)])
    report, _ = audited(ask(tmp_path))
    html = page(report)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "\x1b" not in html
    assert "\x07" not in html


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not there"):
        audited(ask(tmp_path, [tmp_path / "nowhere"]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)
KEYS = (
    *("type", "message", "payload", "timestamp", "usage", "content", "model", "id", "tokens"),
    *("role", "history", "messages", "response", "$set", "sessionId", "input", "extra"),
)
RECORD = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6)
FILES = {
    "claude-code": ".claude/projects/a/b.jsonl",
    "codex": ".codex/sessions/rollout-a.jsonl",
    "gemini-cli": ".gemini/tmp/a/chats/session-a.jsonl",
    "pi": ".pi/agent/sessions/a/b.jsonl",
    "continue": ".continue/sessions/a.json",
    "mini-swe-agent": ".config/mini-swe-agent/a.traj.json",
    "aider": "shop/.aider.chat.history.md",
    "mistral-vibe": ".vibe/logs/session/unified/a/CURRENT",
}
TOOLS = load_tools()


@pytest.mark.parametrize("client", sorted(FILES))
@settings(max_examples=60, deadline=None)
@given(records=st.lists(RECORD, max_size=6), noise=st.binary(max_size=40))
def test_noise_never_crashes(
    client: str, records: list[dict[str, Any]], noise: bytes, tmp_path_factory: Any
) -> None:
    """Records of any shape, whole or as one document, and bytes that are none."""
    path = tmp_path_factory.mktemp("noise") / FILES[client]
    path.parent.mkdir(parents=True)
    whole = client in ("continue", "mini-swe-agent")
    text = (
        json.dumps({"messages": records, "history": records})
        if whole
        else "".join(json.dumps(one) + "\n" for one in records)
    )
    path.write_bytes(text.encode() + noise)
    if client == "mistral-vibe":
        journal = path.parent / "journal"
        journal.mkdir()
        (journal / "0001.jsonl").write_bytes(text.encode() + noise)
        (path.parent / "meta.json").write_bytes(noise)
    source = SOURCES[client]
    assert source.claims(path)
    for unit in source.units(client, path):
        source.read(unit, TOOLS)


def test_lines_that_are_read_are_counted_once(tmp_path: Path) -> None:
    """An empty file, and lines of spaces, are nothing at all."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n   \n\n")
    lines = Lines(str(path), msgspec.json.Decoder(dict))
    assert list(lines) == []
    assert not lines.skipped


def test_a_folder_that_may_not_be_read_is_passed_over(tmp_path: Path) -> None:
    """Somebody else's logs; the audit goes on with the others."""
    log = ClaudeLog(tmp_path, "one").turn("Go on.", SONNET)
    hidden = log.path.with_name("two.jsonl")
    hidden.write_text("{}")
    hidden.chmod(0)
    if os.access(hidden, os.R_OK):
        hidden.unlink()
        hidden.mkdir()  # as root: a folder where a file is expected
    report, _ = audited(ask(tmp_path))
    assert report.total.calls == 1
