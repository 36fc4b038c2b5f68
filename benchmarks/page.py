"""What the page takes: its first view of a large ledger, and what a request pays while it is open.

The large ledger holds records that the gateway wrote itself, copied under new ids over 30 days. The
index is not there when the first view is asked for. What an open page costs is CPU per request with
and without pages that listen, in turns, in one run.

Usage: python -m benchmarks.page [--records N] [--rounds N] [--pages N]
"""

from __future__ import annotations

import argparse
import http.client
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import processes
from benchmarks.load import Load
from benchmarks.processes import Target

_SEED = 400
_DAYS = 30
_VIEWS = ("/", "/spending", "/sessions", "/?role=code", "/?role=plan", "/private")
_SECONDS = 4.0


class Options(argparse.Namespace):
    records: int
    rounds: int
    pages: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.page")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", type=int, default=3, help="pages that listen at once")
    options = parser.parse_args(namespace=Options())
    with processes.upstream() as provider:
        _large(provider, options.records)
        _open(provider, options)


def _large(provider: Target, records: int) -> None:
    with TemporaryDirectory(prefix="rolecall-bench-page-") as folder:
        home = Path(folder)
        with processes.rolecall_at(home, provider) as target:
            processes.run_load(_load(target, requests=_SEED))
        ledger = home / "rolecall/ledger.sqlite"
        count = _multiply(ledger, records)
        size = ledger.stat().st_size / 1e9
        print(f"{count:,} records, {size:.1f} GB")
        with processes.rolecall_at(home, provider) as target:
            print(f"first view, no index yet: {_view(target, '/') * 1000:.0f} ms")
            again = [_view(target, "/") * 1000 for _ in range(5)]
            print(f"views while the sums grow: {', '.join(f'{one:.0f}' for one in again)} ms")
            began = time.perf_counter()
            while b"still being added up" in _page(target, "/"):
                time.sleep(0.2)
            print(f"the sums are whole after {time.perf_counter() - began:.0f} s more")
            for path in _VIEWS:
                times = [_view(target, path) * 1000 for _ in range(5)]
                print(f"{path:<14} {median(times):6.1f} ms (median of 5)")
            print(f"memory of the gateway: {processes.memory(target.pid):.0f} MB")


def _multiply(ledger: Path, records: int) -> int:
    """Copy rows under new ids until there are so many, spread over the last days."""
    with closing(sqlite3.connect(ledger)) as connection, connection:
        rows = connection.execute("SELECT * FROM decisions").fetchall()
        tried = {row[0]: row for row in connection.execute("SELECT * FROM attempts").fetchall()}
        first = datetime.now(UTC) - timedelta(days=_DAYS)
        step = timedelta(days=_DAYS) / records
        for number in range(len(rows), records):
            row = rows[number % len(rows)]
            id_, at = f"0{number:08}-{number % 100_000:05}", (first + number * step).isoformat()
            session = f"s{number // 40}"
            _insert(connection, "decisions", (id_, at, *row[2:5], session, *row[6:]))
            if row[0] in tried:
                _insert(connection, "attempts", (id_, *tried[row[0]][1:]))
        return int(connection.execute("SELECT count(*) FROM decisions").fetchone()[0])


def _insert(connection: sqlite3.Connection, table: str, row: tuple[Any, ...]) -> None:
    places = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608


def _open(provider: Target, options: Options) -> None:
    """The same load with nobody looking and with pages open, in turns."""
    alone: list[float] = []
    watched: list[float] = []
    with processes.rolecall(provider) as target:
        _cost(target)  # warm
        for number in range(options.rounds):
            alone.append(_cost(target))
            with _listeners(target, options.pages):
                watched.append(_cost(target))
            print(f"\rround {number + 1} of {options.rounds}", end="", file=sys.stderr)
    print(file=sys.stderr)
    ratios = [one / other for one, other in zip(watched, alone, strict=True)]
    print(
        f"CPU per request, 32 connections: {median(alone):.0f} us with no page open, "
        f"{median(watched):.0f} us with {options.pages}; ratio {median(ratios):.3f} "
        f"({min(ratios):.3f} to {max(ratios):.3f})"
    )


def _cost(target: Target) -> float:
    """Microseconds of the gateway's processor time for a request."""
    before = processes.cpu(target.pid)
    result = processes.run_load(_load(target))
    if result.failures:
        sys.exit(f"{result.failures} requests failed")
    return (processes.cpu(target.pid) - before) / result.requests


def _load(target: Target, requests: int = 0) -> Load:
    return Load(
        port=target.port,
        dialect="openai.chat",
        size="60k",
        answer="json",
        connections=32,
        seconds=_SECONDS,
        requests=requests,
    )


@contextmanager
def _listeners(target: Target, pages: int) -> Iterator[None]:
    """Pages that listen, each on a connection that somebody reads."""
    connections = [http.client.HTTPConnection("127.0.0.1", target.port) for _ in range(pages)]
    threads = []
    for connection in connections:
        connection.request("GET", "/live?after=0")
        answer = connection.getresponse()
        thread = threading.Thread(target=_read, args=(answer,), daemon=True)
        thread.start()
        threads.append(thread)
    try:
        yield
    finally:
        for connection in connections:
            if connection.sock is not None:
                connection.sock.close()


def _read(answer: http.client.HTTPResponse) -> None:
    try:
        while answer.readline():
            pass
    except (OSError, ValueError):
        return  # it was closed at the end of the round


def _view(target: Target, path: str) -> float:
    began = time.perf_counter()
    _page(target, path)
    return time.perf_counter() - began


def _page(target: Target, path: str) -> bytes:
    with closing(http.client.HTTPConnection("127.0.0.1", target.port, timeout=60)) as connection:
        connection.request("GET", path, headers={"accept": "text/html"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"{path} answers {answer.status}")
        return body


if __name__ == "__main__":
    main()
