"""Group commit: many requests, one transaction, before the last byte of each answer leaves."""

from __future__ import annotations

import asyncio
import threading
from queue import SimpleQueue

from rolecall.errors import LedgerError
from rolecall.ledger.store import Ledger
from rolecall.types import Record

_MOST = 512
"""Records in one transaction."""

_Entry = tuple[Record, asyncio.Future[None]]


class Writer:
    """One thread that writes what the event loop hands it.

    A slow disk holds back the answers that wait for it, and never the event loop. After an error
    `trouble` says what is wrong until a write succeeds again.
    """

    def __init__(self, ledger: Ledger, loop: asyncio.AbstractEventLoop) -> None:
        self._ledger = ledger
        self._loop = loop
        self._queue: SimpleQueue[_Entry | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="rolecall-ledger")
        self.trouble: str | None = None

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Write what is queued, then end the thread."""
        self._queue.put(None)
        self._thread.join()

    def commit(self, record: Record) -> asyncio.Future[None]:
        """Done once the record is safe; fails with `LedgerError` where it cannot be written."""
        future = self._loop.create_future()
        self._queue.put((record, future))
        return future

    def _run(self) -> None:
        more = True
        while more:
            batch, more = self._gather()
            if batch:
                error = self._write([record for record, _ in batch])
                futures = [future for _, future in batch]
                self._loop.call_soon_threadsafe(_settle, futures, error)

    def _gather(self) -> tuple[list[_Entry], bool]:
        """Wait for one record, then take all that have come meanwhile."""
        batch: list[_Entry] = []
        entry = self._queue.get()
        while entry is not None:
            batch.append(entry)
            if self._queue.empty() or len(batch) == _MOST:
                return batch, True
            entry = self._queue.get()
        return batch, False

    def _write(self, records: list[Record]) -> LedgerError | None:
        try:
            self._ledger.write(records)
        except LedgerError as error:
            self.trouble = str(error)
            return error
        self.trouble = None
        return None


def _settle(futures: list[asyncio.Future[None]], error: LedgerError | None) -> None:
    for future in futures:
        if future.done():
            continue  # its request was cancelled; the record is written all the same
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
