"""Open, read and write the ledger. SQLite in WAL mode: readers never wait for the writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from rolecall.errors import LedgerBusy, LedgerError, LedgerRefusal
from rolecall.ledger.migrate import migrate
from rolecall.ledger.rows import attempt_rows, decision_row, outcome_rows, record_of
from rolecall.ledger.schema import attempts, decisions, outcomes, snapshots
from rolecall.types import Record, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUSY_TIMEOUT = 5000
"""Milliseconds for which all but the gateway's writer wait for another process."""
_LONG_WAL = 2000
"""Pages in the WAL, 8 MB, after which it is begun anew."""


def _insert(table: sa.Table) -> str:
    """The statement in the driver's own words: compiled once, not for each request."""
    places = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} VALUES ({places})"  # noqa: S608 (our own table names)


_MISFITS = (
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    UnicodeError,
)
"""What the driver says of a record that does not fit; anything else is the ledger's trouble."""
_DECISIONS = _insert(decisions)
_ATTEMPTS = _insert(attempts)
OUTCOMES = _insert(outcomes).replace("INSERT", "INSERT OR REPLACE", 1)
"""The newest word of each sort counts."""


class Ledger:
    """An open ledger. `path` is kept for messages; each method names it where it fails."""

    def __init__(self, engine: sa.Engine, path: Path) -> None:
        self._engine = engine
        self._writing: sa.PoolProxiedConnection | None = None
        self.path = path

    def close(self) -> None:
        if self._writing is not None:
            self._writing.close()
        self._engine.dispose()

    def write(self, records: Sequence[Record]) -> None:
        """Commit all of them in one transaction. They survive the end of this process.

        The one statement on the hot path: it goes to the driver as it is, on a connection of its
        own, which costs a third of what it costs through the engine.
        """
        with _named(self.path, "written"):
            connection = self._writing = self._writing or self._for_writing()
            try:
                cursor = connection.cursor()
                cursor.executemany(_DECISIONS, [decision_row(r) for r in records])
                cursor.executemany(_ATTEMPTS, [row for r in records for row in attempt_rows(r)])
                told = [row for r in records for row in outcome_rows(r)]
                if told:
                    cursor.executemany(OUTCOMES, told)
                connection.commit()
            except BaseException:  # a value that the driver cannot bind, too
                connection.rollback()
                raise

    def _for_writing(self) -> sa.PoolProxiedConnection:
        """It never waits for another process: it would wait on the event loop. `Writer` does."""
        connection = self._engine.raw_connection()
        connection.cursor().execute("PRAGMA busy_timeout=0")
        return connection

    def checkpoint(self) -> None:
        """Move what the WAL holds into the database file. Waits for the disk: not on a hot path.

        Under constant load new frames come while the old ones are moved, and the WAL would grow
        for ever: then the last few are moved with writers held off for some milliseconds. A reader
        that will not finish is not waited for: writers would wait along.
        """
        with _named(self.path, "written"), self._engine.connect() as connection:
            _, frames, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
            if frames > _LONG_WAL:
                connection.exec_driver_sql("PRAGMA busy_timeout=50")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(RESTART)")
                connection.exec_driver_sql(f"PRAGMA busy_timeout={_BUSY_TIMEOUT}")

    @contextmanager
    def changing(self) -> Iterator[sa.Connection]:
        """A transaction, for what is not on the hot path."""
        with _named(self.path, "written"), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        with _named(self.path, "read"), self._engine.connect() as connection:
            yield connection

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a version of the world once, so that its decisions can be replayed."""
        body = msgspec.json.encode(snapshot).decode()
        with _named(self.path, "written"), self._engine.begin() as connection:
            known = sa.select(snapshots.c.version).where(snapshots.c.version == snapshot.version)
            if connection.execute(known).first() is None:
                row = {"version": snapshot.version, "body": body}
                connection.execute(snapshots.insert(), row)

    def snapshot(self, version: str) -> Snapshot:
        query = sa.select(snapshots.c.body).where(snapshots.c.version == version)
        with _named(self.path, "read"), self._engine.connect() as connection:
            body = connection.execute(query).scalar()
        if body is None:
            raise LedgerError(f"{self.path}: holds no snapshot {version!r}")
        return msgspec.json.decode(body, type=Snapshot)

    def newest(self, limit: int) -> list[Record]:
        """The newest records, newest first."""
        return self.read(sa.select(decisions).order_by(decisions.c.id.desc()).limit(limit))

    def newest_of_unknown_clients(self, limit: int) -> list[Record]:
        """The newest records whose client no rule knew, newest first."""
        query = sa.select(decisions).where(decisions.c.client.is_(None))
        return self.read(query.order_by(decisions.c.id.desc()).limit(limit))

    def find(self, text: str) -> list[Record]:
        """Records whose id is `text` or starts with it; at most two, to tell one from several."""
        starts = decisions.c.id.startswith(text, autoescape=True)
        return self.read(sa.select(decisions).where(starts).order_by(decisions.c.id).limit(2))

    def all_records(self, *, batch: int = 500) -> Iterator[Record]:
        """Every record, oldest first, a batch at a time."""
        last = ""
        while True:
            query = sa.select(decisions).where(decisions.c.id > last)
            found = self.read(query.order_by(decisions.c.id).limit(batch))
            yield from found
            if len(found) < batch:
                return
            last = found[-1].decision.id

    def with_worlds(self, records: Iterable[Record]) -> Iterator[tuple[Record, Snapshot]]:
        """Each record beside the world it was decided in; each world is read once."""
        known: dict[str, Snapshot] = {}
        for record in records:
            version = record.decision.snapshot
            if version not in known:
                known[version] = self.snapshot(version)
            yield record, known[version]

    def count(self) -> int:
        query = sa.select(sa.func.count()).select_from(decisions)
        with _named(self.path, "read"), self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def read(self, query: sa.Select[Any]) -> list[Record]:
        """The records of a query over all columns of `decisions`, with their attempts."""
        with _named(self.path, "read"), self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
            tried = _attempts(connection, [row["id"] for row in rows])
        return [record_of(dict(row), tried.get(row["id"], [])) for row in rows]


def open_ledger(path: Path) -> Ledger:
    """Open or create the ledger and bring its schema up to date."""
    with _named(path, "opened"):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(f"{path}: its folder cannot be made: {error.strerror}") from error
        engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))
        event.listen(engine, "connect", _settle)
        migrate(engine)
    return Ledger(engine, path)


def _settle(connection: Any, _: Any) -> None:
    """Readers beside the writer, and commits that survive the end of the process.

    With synchronous=NORMAL only a loss of power can take the newest (sqlite.org/wal.html).
    """
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "wal_autocheckpoint=0",
        f"busy_timeout={_BUSY_TIMEOUT}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _attempts(connection: sa.Connection, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    query = sa.select(attempts).where(attempts.c.decision.in_(ids))
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(query.order_by(attempts.c.number)).mappings():
        grouped.setdefault(row["decision"], []).append(dict(row))
    return grouped


@contextmanager
def _named(path: Path, verb: str) -> Iterator[None]:
    """Say which file could not be used, and why."""
    try:
        yield
    except (SQLAlchemyError, *_MISFITS, sqlite3.Error) as error:
        cause = getattr(error, "orig", None) or error
        raise _kind(cause)(f"the ledger {path} cannot be {verb}: {cause}") from error


def _kind(cause: BaseException) -> type[LedgerError]:
    if _is_busy(cause):
        return LedgerBusy
    return LedgerRefusal if isinstance(cause, _MISFITS) else LedgerError


def _is_busy(cause: BaseException) -> bool:
    return getattr(cause, "sqlite_errorcode", None) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
