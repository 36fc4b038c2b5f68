"""The index beside the ledger: its sums are those of the records, however it came to them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rolecall.dashboard.desk import CatchingUp
from rolecall.dashboard.index import Index
from rolecall.errors import LedgerError
from rolecall.ledger.store import open_ledger
from rolecall.types import Record
from support.pasts import STACK, fill, multiply, world

AT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> tuple[Path, list[Record]]:
    file = tmp_path / "rolecall.toml"
    file.write_text(STACK)
    path = tmp_path / "ledger.sqlite"
    every = timedelta(hours=3)
    return path, fill(path, world(file, AT), AT, sessions=20, every=every)


def sessions(found: Index) -> dict[str, int]:
    return dict(found.rows("SELECT session, calls FROM sessions"))


TABLES = ("days", "sessions", "private")


def everything(found: Index) -> list[list[tuple[object, ...]]]:
    return [sorted(found.rows(f"SELECT * FROM {name}")) for name in TABLES]  # noqa: S608


def test_steps_come_to_the_same_as_one(ledger: tuple[Path, list[Record]]) -> None:
    """A session, a day or a rule that a step cuts in two is counted once."""
    path, records = ledger
    whole = Index(path)
    assert whole.catch_up().behind == 0
    expected = everything(whole)
    whole.path.unlink()
    stepped = Index(path, step=7)
    steps = 1
    while stepped.catch_up().behind:
        steps += 1
    assert steps == -(-len(records) // 7)
    for found, wanted in zip(everything(stepped), expected, strict=True):
        assert [pytest.approx(row) for row in wanted] == found


def test_what_is_written_later_is_taken_up(ledger: tuple[Path, list[Record]]) -> None:
    """Nothing twice, and nothing left out."""
    path, records = ledger
    found = Index(path)
    found.catch_up()
    store = open_ledger(path)
    written = multiply(store, records, 2, timedelta(days=1))
    store.close()
    assert found.progress().behind == written
    assert CatchingUp(found).ask().behind == 0
    expected = Counter(r.request.signals.session for r in records)
    calls = sessions(found)
    assert len(calls) == 3 * len(expected)
    assert sum(calls.values()) == 3 * len(records)


def test_a_ledger_in_place_of_another_is_indexed_anew(
    ledger: tuple[Path, list[Record]], tmp_path: Path
) -> None:
    """What the other one held is gone."""
    path, records = ledger
    found = Index(path)
    found.catch_up()
    with sqlite3.connect(path) as connection:
        last = records[0].decision.id
        connection.execute("DELETE FROM attempts WHERE decision <> ?", (last,))
        connection.execute("DELETE FROM decisions WHERE id <> ?", (last,))
    connection.close()
    found.catch_up()
    assert sum(sessions(found).values()) == 1
    assert found.progress().behind == 0
    assert (tmp_path / "ledger-page.sqlite").stat().st_mode & 0o077 == 0


def test_a_large_gap_is_closed_beside_everything_else(
    ledger: tuple[Path, list[Record]],
) -> None:
    """The one who asks is told how far it is, and does not wait."""
    path, records = ledger
    store = open_ledger(path)
    multiply(store, records, 3_000 // len(records), timedelta(days=1))
    count = store.count()
    store.close()
    found = Index(path, step=500)
    catching_up = CatchingUp(found)
    assert catching_up.ask().behind == count
    catching_up.wait()
    assert found.progress().behind == 0
    catching_up.stop()


def test_an_index_that_is_no_database_is_named_with_the_mend(
    ledger: tuple[Path, list[Record]],
) -> None:
    """It may be removed at any time; the ledger is as it was."""
    path, records = ledger
    found = Index(path)
    found.path.write_bytes(b"no database at all" * 100)
    with pytest.raises(LedgerError, match="remove it"):
        found.catch_up()
    found.path.unlink()
    assert found.catch_up().done == len(records)
