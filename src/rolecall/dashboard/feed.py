"""Decisions as they happen, for all pages that are open: one look at the ledger serves them all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import islice

import msgspec
from msgspec import Struct

from rolecall.dashboard.desk import Desk
from rolecall.dashboard.lines import answered, line, line_under_way, under_way
from rolecall.dashboard.views.live import Filter
from rolecall.errors import LedgerError
from rolecall.ledger import recent
from rolecall.types import Record

_PAUSE = 0.5
"""Seconds between two looks, and twice that where more comes than anybody could read."""
_MOST = 25
"""Records told at once, the newest; how many were left out is told, too."""
_MOST_UNDER_WAY = 10
_KEEP_ALIVE = 30
"""Looks without news after which a comment says that the gateway is still there."""

Render = Callable[..., str]


class News(Struct, frozen=True, kw_only=True):
    """Records with numbers up to `number`, the newest first; `left_out` more were written.

    `under_way` holds the rows of what is being answered, `rows` what was rendered of the records,
    by the choice of those who listen.
    """

    number: int
    records: tuple[Record, ...] = ()
    left_out: int = 0
    under_way: str = ""
    rows: dict[str, str] = {}


class Feed:
    """Looks at the ledger while anybody listens, and never else."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._listening = 0
        self._news: asyncio.Future[News] | None = None
        self._task: asyncio.Task[None] | None = None

    async def listen(self, chosen: Filter, render: Render, since: int) -> AsyncIterator[bytes]:
        """Server-sent events: `decisions` and `underway` hold rows of their tables, as JSON."""
        self._listening += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look(since, render))
        try:
            news, shown, quiet = await self._since(since, render), "", 0
            while not self._desk.gateway.stops():
                rows = _chosen(news, chosen, render)
                if rows:
                    yield _event("decisions", rows, news.number)
                if news.left_out:
                    yield _event("left-out", str(news.left_out), news.number)
                if news.under_way != shown:
                    shown = news.under_way
                    yield _event("underway", shown, news.number)
                quiet = 0 if rows else (quiet + 1) % _KEEP_ALIVE
                if quiet == _KEEP_ALIVE - 1:
                    yield b": still here\n\n"
                news = await self._next()
        finally:
            self._listening -= 1

    async def _since(self, number: int, render: Render) -> News:
        """What was written since then, and what is being answered."""
        try:
            found = await asyncio.to_thread(recent.since, self._desk.ledger, number, _MOST)
        except LedgerError:
            found = []  # the next look finds them
        newest = found[0][0] if found else number
        early = islice(reversed(self._desk.gateway.underway.values()), _MOST_UNDER_WAY)
        return News(
            number=newest,
            records=tuple(record for _, record in found),
            left_out=newest - number - len(found),
            under_way=render("rows.html", table=under_way(map(line_under_way, early))),
        )

    async def _next(self) -> News:
        if self._news is None:
            self._news = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._news)

    async def _look(self, since: int, render: Render) -> None:
        """Tell everybody, every so often, what has been written."""
        news = News(number=since)
        while self._listening and not self._desk.gateway.stops():
            news = await self._since(news.number, render)
            self._tell(news)
            await asyncio.sleep(_PAUSE * 2 if news.left_out else _PAUSE)
        self._tell(News(number=news.number))

    def _tell(self, news: News) -> None:
        """Whoever waits is told once; who comes later waits for the next."""
        told, self._news = self._news, None
        if told is not None:
            told.set_result(news)


def _chosen(news: News, chosen: Filter, render: Render) -> str:
    """The rows of the records that somebody chose; rendered once for all who chose the same."""
    key = chosen.query()
    found = news.rows.get(key)
    if found is None:
        lines = [line(one) for one in news.records if chosen.matches(one)]
        found = render("rows.html", table=answered(lines)) if lines else ""
        news.rows[key] = found
    return found


def _event(name: str, rows: str, number: int) -> bytes:
    text = msgspec.json.encode(rows)
    return b"event: %s\nid: %d\ndata: %s\n\n" % (name.encode(), number, text)
