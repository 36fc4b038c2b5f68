"""Group commit: many requests, one transaction, before the last byte of each answer leaves."""

from __future__ import annotations

import asyncio
import logging

from rolecall.errors import LedgerBusy, LedgerError, LedgerRefusal
from rolecall.ledger.store import Ledger
from rolecall.types import Record

_LOG = logging.getLogger("rolecall")
_MOST = 10_000
"""Records that are kept while the ledger cannot be written."""
_BUSY_PAUSE = 0.01
_PATIENCE = 5.0
"""Seconds for which answers wait while another process holds the ledger."""
_RETRY_PAUSE = 1.0


class Writer:
    """Collects what is recorded in one turn of the event loop and commits it together.

    It writes on the event loop itself: a commit to SQLite's WAL is a write to the page cache and
    takes some 50 µs, less than handing it to a thread that has to wait for the interpreter's lock
    (`docs/performance.md`). Nothing on this path waits for the disk: `checkpoint` does, and runs
    in a thread.

    After an error `trouble` says what is wrong. The answers that waited fail, their records are
    kept and tried again until they are written, and then `trouble` is None again. A record that
    does not fit the ledger fails its own answer, and no other.
    """

    def __init__(self, ledger: Ledger, loop: asyncio.AbstractEventLoop) -> None:
        self._ledger = ledger
        self._loop = loop
        self._records: list[Record] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._scheduled: asyncio.Handle | None = None
        self._busy_since: float | None = None
        self.trouble: str | None = None

    def commit(self, record: Record) -> asyncio.Future[None]:
        """Done once the record is safe; fails with `LedgerError` where it cannot be written."""
        future = self._loop.create_future()
        self._records.append(record)
        self._waiting.append(future)
        if self._scheduled is None:
            self._scheduled = self._loop.call_soon(self._flush)
        return future

    def close(self) -> None:
        """Write what is left. Raises `LedgerError` where that fails."""
        if self._scheduled is not None:
            self._scheduled.cancel()
        if self._records:
            self._write()

    def _flush(self) -> None:
        self._scheduled = None
        try:
            self._write()
        except LedgerBusy as error:
            self._wait(error)
        except LedgerError as error:
            self._fail(error)
        else:
            self._records.clear()
            self._busy_since = self.trouble = None
            self._settle(None)

    def _write(self) -> None:
        try:
            self._ledger.write(self._records)
        except LedgerRefusal:
            self._write_each()

    def _write_each(self) -> None:
        """Find the records that do not fit: their answers fail, the others go on."""
        while self._records:
            refusal = None
            try:
                self._ledger.write(self._records[:1])
            except LedgerRefusal as error:
                _LOG.error("%s", error)
                refusal = error
            is_waited_for = len(self._waiting) == len(self._records)  # the newest ones are
            del self._records[0]
            if is_waited_for:
                _tell(self._waiting.pop(0), refusal)

    def _wait(self, error: LedgerError) -> None:
        """Another process is writing: try again shortly, and give up waiting after a while."""
        now = self._loop.time()
        self._busy_since = self._busy_since or now
        if now - self._busy_since > _PATIENCE:
            self._fail(error)
        else:
            self._scheduled = self._loop.call_later(_BUSY_PAUSE, self._flush)

    def _fail(self, error: LedgerError) -> None:
        self.trouble = str(error)
        del self._records[:-_MOST]
        self._settle(error)
        self._scheduled = self._loop.call_later(_RETRY_PAUSE, self._flush)

    def _settle(self, error: LedgerError | None) -> None:
        """Let the answers go that waited for their records, or tell them."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            _tell(future, error)


def _tell(future: asyncio.Future[None], error: LedgerError | None) -> None:
    if future.done():
        return  # its client left; the record is kept all the same
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
