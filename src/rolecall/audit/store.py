"""What was read already: one file of rolecall's own, which can be thrown away at any time.

It holds counts, times, names and kinds; no text of a conversation.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import msgspec
from msgspec import Struct

from rolecall.audit.source import Batch, Unit
from rolecall.errors import ConfigError

FILE_NAME = "audit.sqlite"
VERSION = 2
"""Changes whenever the same log tells something else; then everything is read again."""
_TABLE = """
CREATE TABLE IF NOT EXISTS units (
    source TEXT NOT NULL, path TEXT NOT NULL, part TEXT NOT NULL, mark TEXT NOT NULL,
    first REAL, last REAL, batch BLOB NOT NULL, PRIMARY KEY (source, path, part)
)
"""
_PUT = "INSERT OR REPLACE INTO units VALUES (?, ?, ?, ?, ?, ?, ?)"
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


class Read(Struct, frozen=True):
    """A unit with what it told, as one worker hands it to another: `batch` is encoded."""

    unit: Unit
    batch: bytes
    first: float | None
    last: float | None


def unpacked(batch: bytes) -> Batch:
    return _decoder.decode(batch)


def packed(unit: Unit, batch: Batch) -> Read:
    """A batch as it is kept, with the times of its first and its last call."""
    times = [call.at.timestamp() for thread in batch.threads for call in thread.calls]
    return Read(unit, _encoder.encode(batch), min(times, default=None), max(times, default=None))


class Store:
    """The file, open. Raises `ConfigError` where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _opened(path)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"{path}: cannot be used: {error}; remove it") from error

    def close(self) -> None:
        self._connection.close()

    def marks(self) -> Mapping[tuple[str, str, str], str]:
        """How each unit was when it was read."""
        rows = self._connection.execute("SELECT source, path, part, mark FROM units")
        return {(source, path, part): mark for source, path, part, mark in rows}

    def keep(self, found: Iterable[Read]) -> None:
        with self._connection:
            self._connection.executemany(
                _PUT,
                (
                    (u.source, u.path, u.part, u.mark, one.first, one.last, one.batch)
                    for one in found
                    for u in (one.unit,)
                ),
            )

    def drop(self, gone: Iterable[tuple[str, str, str]]) -> None:
        query = "DELETE FROM units WHERE source = ? AND path = ? AND part = ?"
        with self._connection:
            self._connection.executemany(query, list(gone))

    def batches(self, since: float) -> Iterator[tuple[str, str, str, bytes]]:
        """What units told, still encoded, that hold something since a moment, or nothing at all."""
        query = "SELECT source, path, part, batch FROM units WHERE last IS NULL OR last >= ?"
        yield from self._connection.execute(query, (since,))


def _opened(path: Path) -> sqlite3.Connection:
    """Open the file; one of another version is begun anew."""
    connection = sqlite3.connect(path, timeout=30)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        with closing(connection.cursor()) as cursor:
            cursor.execute("DROP TABLE IF EXISTS units")
            cursor.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(_TABLE)
    path.chmod(0o600)
    return connection
