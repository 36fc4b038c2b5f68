"""What was read once is not read again; what changed is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rolecall.audit.read import Where, read
from rolecall.audit.store import FILE_NAME, Store
from rolecall.config.machine import Machine
from rolecall.errors import ConfigError
from support.audits import ask, audited
from support.histories import ClaudeLog, Used

SONNET = "claude-sonnet-5-5"


def fresh(home: Path) -> tuple[int, int]:
    """How many units were read now, and how many calls there are."""
    where = Where(machine=Machine(home=home, environ={}), ledger=home / "none")
    store = Store(home / "rolecall" / FILE_NAME)
    try:
        found = read(where, store, 0.0, lambda _done, _total: None)
    finally:
        store.close()
    return found.fresh, sum(len(thread.calls) for thread in found.threads)


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    """The first time all, then nothing, then the one file that grew; one that is gone is gone."""
    first = ClaudeLog(tmp_path, "one").turn("Go on.", SONNET)
    second = ClaudeLog(tmp_path, "two").turn("Go on.", SONNET)
    assert fresh(tmp_path) == (2, 2)
    assert fresh(tmp_path) == (0, 2)
    second.turn("Go on.", SONNET, [Used(), Used()])
    assert fresh(tmp_path) == (1, 4)
    first.path.unlink()
    assert fresh(tmp_path) == (0, 3)


def test_nothing_of_a_conversation_is_kept(tmp_path: Path) -> None:
    """The file holds counts and names; what was said stays where the client has it."""
    ClaudeLog(tmp_path, "one").turn("Implement the zebra-striped parser.", SONNET, [Used(), Used()])
    audited(ask(tmp_path))
    kept = b"".join(path.read_bytes() for path in (tmp_path / "rolecall").iterdir())
    assert b"claude-sonnet" in kept
    assert b"zebra" not in kept
    assert b"One moment" not in kept


def test_a_file_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    ClaudeLog(tmp_path, "one").turn("Go on.", SONNET)
    assert fresh(tmp_path) == (1, 1)
    with closing(sqlite3.connect(tmp_path / "rolecall" / FILE_NAME)) as db:
        db.execute("PRAGMA user_version = 999")
        db.commit()
    assert fresh(tmp_path) == (1, 1)


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "rolecall" / FILE_NAME
    path.parent.mkdir()
    path.write_bytes(b"no database, and long enough to be looked at")
    with pytest.raises(ConfigError, match="remove it"):
        Store(path)


def test_many_files_are_read_by_several_processes(tmp_path: Path) -> None:
    """The same figures as one process has, from 40 MB of logs."""
    filler = "x" * 1_000_000
    for number in range(8):
        log = ClaudeLog(tmp_path, f"s{number}").turn("Go on.", SONNET, [Used(), Used()])
        with log.path.open("a") as file:
            file.write(f'{{"type": "progress", "x": "{filler}"}}\n' * 5)
    assert fresh(tmp_path) == (8, 16)
