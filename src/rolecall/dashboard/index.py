"""Sums over the ledger, kept beside it, so that a page need not read a million records.

The ledger itself is only read: the requests that are being answered wait for nobody here. The index
is a file of its own that may be deleted at any time; it catches up with the ledger in steps.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from rolecall.errors import LedgerError

VERSION = 1
_STEP = 20_000
"""Records taken up in one transaction: some 0.2 s."""
_PATIENCE = 30.0
_TABLES = (
    """CREATE TABLE IF NOT EXISTS lines (
        number INTEGER PRIMARY KEY, id TEXT, at TEXT, session TEXT, client TEXT, workspace TEXT,
        role TEXT, kind TEXT, deployment TEXT, status INTEGER, rule TEXT, kept TEXT,
        input INTEGER, output INTEGER, cost REAL)""",
    """CREATE TABLE IF NOT EXISTS days (
        day TEXT, role TEXT, deployment TEXT, client TEXT, workspace TEXT, calls INTEGER,
        input INTEGER, cached INTEGER, output INTEGER, cost REAL, unpriced INTEGER,
        PRIMARY KEY (day, role, deployment, client, workspace)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS sessions (
        session TEXT PRIMARY KEY, client TEXT, workspace TEXT, began TEXT, ended TEXT,
        calls INTEGER, cost REAL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS private (
        day TEXT, workspace TEXT, rule TEXT, kept TEXT, outcome TEXT, requests INTEGER,
        PRIMARY KEY (day, workspace, rule, kept, outcome)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS lines_session ON lines (session)",
    "CREATE INDEX IF NOT EXISTS sessions_ended ON sessions (ended)",
)
_NAMES = ("lines", "days", "sessions", "private", "state")
_LINES = """
INSERT INTO lines
SELECT d.rowid, d.id, d.at, d.session, coalesce(d.client, 'unknown'), coalesce(d.workspace, 'none'),
    d.role, json_extract(d.facts, '$.decision.kind'), d.deployment, d.status,
    CASE WHEN instr(d.facts, '"zones":') THEN coalesce(
        json_extract(d.facts, '$.decision.limits[0].rule'),
        json_extract(d.facts, '$.request.lifted[0].rule')) END,
    CASE WHEN instr(d.facts, '"zones":') THEN CASE
        WHEN json_extract(d.facts, '$.decision.limits[0].rule') IS NOT NULL
        THEN json_extract(d.facts, '$.decision.limits[0].zones') ELSE 'redacted' END END,
    sum(a.input_tokens), sum(a.output_tokens), sum(cast(a.cost AS REAL))
FROM ledger.decisions d LEFT JOIN ledger.attempts a ON a.decision = d.id
WHERE d.rowid > ? AND d.rowid <= ? GROUP BY d.rowid
"""
_DAYS = """
INSERT INTO days
SELECT substr(l.at, 1, 10) AS day, l.role, a.deployment, l.client, l.workspace, count(*),
    coalesce(sum(a.input_tokens), 0), coalesce(sum(a.cache_read_input_tokens), 0),
    coalesce(sum(a.output_tokens), 0), coalesce(sum(cast(a.cost AS REAL)), 0), sum(a.cost IS NULL)
FROM lines l JOIN ledger.attempts a ON a.decision = l.id
WHERE l.number > ? AND l.number <= ? AND a.input_tokens IS NOT NULL
GROUP BY day, l.role, a.deployment, l.client, l.workspace
ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, input = input + excluded.input,
    cached = cached + excluded.cached, output = output + excluded.output,
    cost = cost + excluded.cost, unpriced = unpriced + excluded.unpriced
"""
_SESSIONS = """
INSERT INTO sessions
SELECT session, max(client), max(workspace), min(at), max(at), count(*), coalesce(sum(cost), 0)
FROM lines WHERE number > ? AND number <= ? AND session IS NOT NULL GROUP BY session
ON CONFLICT DO UPDATE SET began = min(began, excluded.began), ended = max(ended, excluded.ended),
    calls = calls + excluded.calls, cost = cost + excluded.cost
"""
_PRIVATE = """
INSERT INTO private
SELECT substr(at, 1, 10) AS day, workspace, rule, kept,
    CASE WHEN kept = 'redacted' THEN 'redacted' WHEN status < 400 THEN 'answered' ELSE 'refused' END
    AS outcome, count(*)
FROM lines WHERE number > ? AND number <= ? AND rule IS NOT NULL
GROUP BY day, workspace, rule, kept, outcome
ON CONFLICT DO UPDATE SET requests = requests + excluded.requests
"""


class Progress(Struct, frozen=True):
    """How many of the ledger's records are taken up."""

    done: int
    of: int

    @property
    def behind(self) -> int:
        return max(self.of - self.done, 0)


class Index:
    """The index of a ledger. Each method opens a connection of its own: any thread may ask.

    Raises `LedgerError` where the index or the ledger cannot be used.
    """

    def __init__(self, ledger: Path, step: int = _STEP) -> None:
        self._ledger = ledger
        self._step = step
        self.path = ledger.with_name(f"{ledger.stem}-page.sqlite")

    def catch_up(self) -> Progress:
        """Take up the next records; call it again while anything is behind.

        A ledger that was replaced by another is begun anew.
        """
        with self._open() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            found = _progress(connection)
            if found.done > found.of:
                _forget(connection)
                found = Progress(0, found.of)
            upto = min(found.done + self._step, found.of)
            if upto > found.done:
                for statement in (_LINES, _DAYS, _SESSIONS, _PRIVATE):
                    connection.execute(statement, (found.done, upto))
                connection.execute("REPLACE INTO state VALUES ('done', ?)", (upto,))
            return Progress(upto, found.of)

    def progress(self) -> Progress:
        with self._open() as connection:
            return _progress(connection)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What a query over the index's tables finds."""
        with self._open() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        own = self.path.absolute().as_uri()
        try:
            with closing(sqlite3.connect(own, timeout=_PATIENCE, uri=True)) as connection:
                _prepare(connection, self.path)
                where = f"{self._ledger.absolute().as_uri()}?mode=ro"
                connection.execute("ATTACH ? AS ledger", (where,))
                yield connection
        except (sqlite3.Error, OSError) as error:
            says = (
                f"the page's index {self.path} cannot be used: {error}; remove it, it is made anew"
            )
            raise LedgerError(says) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables where there are none, or such of another version."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    path.chmod(0o600)
    connection.execute("PRAGMA journal_mode=WAL")
    with connection:
        for name in _NAMES:
            connection.execute(f"DROP TABLE IF EXISTS {name}")
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _progress(connection: sqlite3.Connection) -> Progress:
    done = connection.execute("SELECT number FROM state WHERE name = 'done'").fetchone()
    (newest,) = connection.execute("SELECT max(rowid) FROM ledger.decisions").fetchone()
    return Progress(done[0] if done else 0, newest or 0)


def _forget(connection: sqlite3.Connection) -> None:
    for name in _NAMES:
        connection.execute(f"DELETE FROM {name}")  # noqa: S608 (our own table names)
