"""Databases of other programs, opened so that nothing of them changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_PATIENCE = 1.0
"""Seconds for which a database that somebody holds is waited for."""


class Unreadable(Exception):
    """A database that is locked, damaged, or of another shape; it says what."""


@contextmanager
def reading(path: str) -> Iterator[sqlite3.Connection]:
    """Open for reading alone. Raises `Unreadable` where that or a query fails.

    A database in WAL mode may be given helper files even by a reader (sqlite.org/wal.html, section
    5). Where there are none it is opened as one that nobody changes, and none are made.
    """
    quiet = not Path(f"{path}-wal").exists()
    address = f"{Path(path).absolute().as_uri()}?mode=ro{'&immutable=1' if quiet else ''}"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE)) as connection:
            connection.row_factory = sqlite3.Row
            connection.text_factory = _text
            yield connection
    except sqlite3.Error as error:
        raise Unreadable(str(error)) from error


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
