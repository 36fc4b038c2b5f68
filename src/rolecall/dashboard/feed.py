"""Decisions as they happen, for all pages that are open: one look at the ledger serves them all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec
from msgspec import Struct

from rolecall.dashboard.desk import Desk
from rolecall.dashboard.lines import answered, line, line_under_way, under_way
from rolecall.dashboard.views.live import Filter
from rolecall.errors import LedgerError
from rolecall.ledger import recent
from rolecall.types import Record

_PAUSE = 0.5
"""Seconds between two looks."""
_MOST = 100
"""Records told at once; what comes faster is read by opening the page again."""
_KEEP_ALIVE = 30
"""Looks without news after which a comment says that the gateway is still there."""


class News(Struct, frozen=True):
    """Records with numbers up to `number`, the newest first."""

    number: int
    records: tuple[Record, ...] = ()


class Feed:
    """Looks at the ledger while anybody listens, and never else."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._listening = 0
        self._news: asyncio.Future[News] | None = None
        self._task: asyncio.Task[None] | None = None

    async def listen(
        self, chosen: Filter, render: Callable[..., str], since: int
    ) -> AsyncIterator[bytes]:
        """Server-sent events: `decisions` and `underway` hold rows of their tables, as JSON."""
        self._listening += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look(since))
        try:
            news, shown, quiet = await self._since(since), "", 0
            while not self._desk.gateway.stops():
                records = [one for one in news.records if chosen.matches(one)]
                if records:
                    rows = answered(map(line, records))
                    yield _event("decisions", render("rows.html", table=rows), news.number)
                now = self._under_way(render)
                if now != shown:
                    yield _event("underway", now, news.number)
                    shown = now
                quiet = 0 if records else quiet + 1
                if quiet >= _KEEP_ALIVE:
                    quiet = 0
                    yield b": still here\n\n"
                news = await self._next()
        finally:
            self._listening -= 1

    async def _since(self, number: int) -> News:
        """What was written between the making of a page and its listening."""
        found = await asyncio.to_thread(recent.newer, self._desk.ledger, number, _MOST)
        newest = max((one for one, _ in found), default=number)
        return News(newest, tuple(record for _, record in found))

    def _under_way(self, render: Callable[..., str]) -> str:
        found = map(line_under_way, self._desk.gateway.underway.values())
        return render("rows.html", table=under_way(found))

    async def _next(self) -> News:
        if self._news is None:
            self._news = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._news)

    async def _look(self, since: int) -> None:
        """Tell everybody, every so often, what has been written."""
        number = since
        while self._listening and not self._desk.gateway.stops():
            try:
                found = await asyncio.to_thread(recent.newer, self._desk.ledger, number, _MOST)
            except LedgerError:
                found = []  # the next look finds them
            number = max((one for one, _ in found), default=number)
            self._tell(News(number, tuple(record for _, record in found)))
            await asyncio.sleep(_PAUSE)
        self._tell(News(number))

    def _tell(self, news: News) -> None:
        """Whoever waits is told once; who comes later waits for the next."""
        told, self._news = self._news, None
        if told is not None:
            told.set_result(news)


def _event(name: str, rows: str, number: int) -> bytes:
    text = msgspec.json.encode(rows)
    return b"event: %s\nid: %d\ndata: %s\n\n" % (name.encode(), number, text)
