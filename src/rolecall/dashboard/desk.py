"""What the pages are made from: the running gateway, the catalogue, the index, whoever draws."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from rolecall.config.known import Known
from rolecall.config.settings import Settings
from rolecall.dashboard.artist import Artist
from rolecall.dashboard.index import Index, Progress
from rolecall.dashboard.logs import Logs
from rolecall.errors import LedgerError
from rolecall.gateway.state import Gateway
from rolecall.ledger.store import Ledger

_LOG = logging.getLogger("rolecall")
_FEW = 2_000
"""Records that are taken up while a page is made: some 20 ms."""


class CatchingUp:
    """Brings the index up to date beside everything else, one step after the other."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def ask(self) -> Progress:
        """How far it is: a few records are taken up at once, more of them in a thread."""
        found = self._index.progress()
        if 0 <= found.of - found.done <= _FEW:
            return self._index.catch_up()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._all, name="page-index", daemon=True)
            self._thread.start()
        return found

    def wait(self) -> None:
        """Until the thread has ended, if one runs."""
        if self._thread is not None:
            self._thread.join()

    def stop(self) -> None:
        """End it after the step that it takes."""
        self._stopped.set()
        self.wait()

    def _all(self) -> None:
        try:
            while not self._stopped.is_set() and self._index.catch_up().behind:
                pass
        except LedgerError as error:
            _LOG.warning("%s", error)  # the next page that asks tries again, and says so


class Desk(Struct, frozen=True, kw_only=True):
    """Values that last as long as the gateway."""

    gateway: Gateway
    known: Known
    settings: Settings
    index: Index
    catching_up: CatchingUp
    artist: Artist
    logs: Logs

    @property
    def ledger(self) -> Ledger:
        return self.gateway.ledger

    def now(self) -> datetime:
        return datetime.now(UTC)

    def close(self) -> None:
        """End what was started for pages."""
        self.catching_up.stop()
        self.artist.close()
        self.logs.close()


def desk(gateway: Gateway, known: Known, settings: Settings, config: Path | None) -> Desk:
    """The desk of a gateway; nothing is started until a page asks."""
    index = Index(gateway.ledger.path)
    return Desk(
        gateway=gateway,
        known=known,
        settings=settings,
        index=index,
        catching_up=CatchingUp(index),
        artist=Artist(),
        logs=Logs(config),
    )
