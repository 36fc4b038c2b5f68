"""The ledger as a file: its schema, its migrations, and what is read from it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

import rolecall.ledger.migrations
from ledger.records import USAGE, record, snapshot
from rolecall.errors import LedgerBusy, LedgerError, LedgerRefusal
from rolecall.ledger.schema import HEAD, metadata
from rolecall.ledger.store import Ledger, open_ledger

MIB = 1024 * 1024


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = open_ledger(tmp_path / "ledger.sqlite")
    found.keep_snapshot(snapshot())
    yield found
    found.close()


def test_head_is_the_newest_migration() -> None:
    """What the code calls the newest schema is where the migrations end, in one line."""
    settings = Config()
    folder = Path(rolecall.ledger.migrations.__file__).parent
    settings.set_main_option("script_location", str(folder))
    assert ScriptDirectory.from_config(settings).get_heads() == [HEAD]


def test_migrated_schema_is_the_one_that_the_code_states(ledger: Ledger) -> None:
    """Migrations build what `schema.metadata` says: tables, columns, types and keys."""
    stated = sa.create_engine("sqlite://")
    metadata.create_all(stated)
    migrated = sa.create_engine(f"sqlite:///{ledger.path}")
    found = sa.inspect(migrated)
    wanted = sa.inspect(stated)
    assert set(found.get_table_names()) - {"alembic_version"} == set(wanted.get_table_names())
    for table in wanted.get_table_names():
        assert _columns(found, table) == _columns(wanted, table)
        assert found.get_pk_constraint(table) == wanted.get_pk_constraint(table)
        assert found.get_foreign_keys(table) == wanted.get_foreign_keys(table)
    stated.dispose()
    migrated.dispose()


def _columns(inspector: sa.Inspector, table: str) -> list[tuple[str, str, bool]]:
    columns = inspector.get_columns(table)
    return [(column["name"], str(column["type"]), column["nullable"]) for column in columns]


def test_a_ledger_of_an_older_rolecall_is_brought_up_to_date(tmp_path: Path) -> None:
    """What it holds is still there, and what came later can be written."""
    path = tmp_path / "ledger.sqlite"
    ledger = open_ledger(path)
    ledger.keep_snapshot(snapshot())
    ledger.write([record(1)])
    ledger.close()
    settings = Config()
    folder = Path(rolecall.ledger.migrations.__file__).parent
    settings.set_main_option("script_location", str(folder))
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0002")
    assert "outcomes" not in sa.inspect(engine).get_table_names()
    engine.dispose()
    again = open_ledger(path)
    again.write([record(2)])
    first, second = again.all_records()
    again.close()
    assert first.attempts[0].usage is not None
    assert first.attempts[0].usage.cache_write_1h_input_tokens == 0  # it was not known then
    assert second == record(2)


def test_newer_ledger_is_refused(tmp_path: Path) -> None:
    """A ledger that a newer rolecall has migrated is left alone, and the message says the mend."""
    path = tmp_path / "ledger.sqlite"
    open_ledger(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(LedgerError, match=r"schema 9999.*install a newer rolecall"):
        open_ledger(path)


def test_what_is_no_ledger_is_named(tmp_path: Path) -> None:
    """A file of another kind, or a folder that cannot be made, is named with its path."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at as one" * 20)
    with pytest.raises(LedgerError, match=r"notes\.txt cannot be opened: file is not a database"):
        open_ledger(path)
    with pytest.raises(LedgerError, match="its folder cannot be made"):
        open_ledger(path / "below" / "ledger.sqlite")


def test_records_come_back_as_they_were(ledger: Ledger) -> None:
    """Money to its last digit, times with their zone, counts or none of them."""
    written = [record(1), record(2, usage=None)]
    ledger.write(written)
    assert list(ledger.all_records()) == written
    assert ledger.newest(1) == written[1:]
    assert written[0].attempts[0].usage == USAGE


def test_newest_and_all_are_in_the_order_of_time(ledger: Ledger) -> None:
    """Newest first for people; oldest first, each once, in whatever batches, for programs."""
    written = [record(number) for number in range(25)]
    ledger.write(written[::-1])
    assert ledger.newest(3) == written[:-4:-1]
    for batch in (1, 5, 7, 25, 100):
        assert list(ledger.all_records(batch=batch)) == written
    assert ledger.count() == 25


def test_find_by_the_beginning_of_an_id(ledger: Ledger) -> None:
    """One, several (at most two of them), none; wildcards are letters like any other."""
    written = [record(1), record(2), record(3)]
    ledger.write(written)
    assert ledger.find(written[1].decision.id) == [written[1]]
    assert len(ledger.find(written[1].decision.id[:3])) == 2
    for nothing in ("%", "_", "zzz", written[1].decision.id + "0"):
        assert ledger.find(nothing) == []


def test_snapshot_is_kept_once(ledger: Ledger) -> None:
    """The same version again changes nothing; an unknown one is an error that names it."""
    ledger.keep_snapshot(msgspec.structs.replace(snapshot(), rules="other"))
    assert ledger.snapshot("v1") == snapshot()
    with pytest.raises(LedgerError, match="no snapshot 'v2'"):
        ledger.snapshot("v2")


def test_record_that_does_not_fit_leaves_nothing_behind(ledger: Ledger) -> None:
    """Of a batch with such a record nothing is written; the same batch without it is."""
    bad = record(2, usage=msgspec.structs.replace(USAGE, input_tokens=2**63))
    with pytest.raises(LedgerRefusal):
        ledger.write([record(1), bad])
    with pytest.raises(LedgerRefusal):
        ledger.write([record(3, version="unknown")])
    ledger.write([record(1)])
    with pytest.raises(LedgerRefusal):
        ledger.write([record(1)])
    assert ledger.newest(9) == [record(1)]


def test_writing_never_waits_for_another_process(ledger: Ledger) -> None:
    """While another holds the ledger a write fails at once: whoever waits does it elsewhere."""
    other = sqlite3.connect(ledger.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(LedgerBusy):
        ledger.write([record(1)])
    assert time.monotonic() - began < 0.5
    other.execute("ROLLBACK")
    other.close()
    ledger.write([record(1)])


def test_wal_stays_short_under_constant_load(ledger: Ledger) -> None:
    """It begins anew although new records keep coming; without that it would hold 55 MiB."""
    done = threading.Event()

    def checkpoints() -> None:
        while not done.wait(0.02):
            ledger.checkpoint()

    keeper = threading.Thread(target=checkpoints)
    keeper.start()
    try:
        for number in range(10_000):
            _insist(ledger, number)
    finally:
        done.set()
        keeper.join()
    size = ledger.path.with_name("ledger.sqlite-wal").stat().st_size
    assert size < 40 * MIB, f"{size / MIB:.1f} MiB"
    assert ledger.count() == 10_000


def _insist(ledger: Ledger, number: int) -> None:
    while True:
        try:
            ledger.write([record(number)])
        except LedgerBusy:
            continue
        return


def test_reader_that_stays_does_not_keep_writers_out(ledger: Ledger) -> None:
    """Beginning the WAL anew waits for readers; writers wait for that a moment at most."""
    ledger.write([record(0)])
    reader = sqlite3.connect(ledger.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM decisions").fetchone()
    for number in range(1, 2500):
        ledger.write([record(number)])
    keeper = threading.Thread(target=ledger.checkpoint)
    keeper.start()
    longest, number = 0.0, 2500
    while keeper.is_alive():
        began = time.monotonic()
        _insist(ledger, number)
        longest, number = max(longest, time.monotonic() - began), number + 1
    keeper.join()
    reader.close()
    assert longest < 1
