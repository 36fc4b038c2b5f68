"""Read what is new since the last time, on all cores, and give back all there is."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from msgspec import Struct

from rolecall.audit.databases import Unreadable
from rolecall.audit.find import Finder
from rolecall.audit.history import Thread
from rolecall.audit.source import Batch, Unit
from rolecall.audit.store import Read, Store, packed, unpacked
from rolecall.audit.table import SOURCES
from rolecall.audit.threads import Tools, load_tools
from rolecall.config.machine import Machine

_ALONE = 32 * 1024 * 1024
"""Bytes below which other processes would take longer to start than to read."""
_MOST_WORKERS = 4
_AT_ONCE = 200
"""Units whose results are written in one transaction."""

Progress = Callable[[int, int], None]
"""Told how many of how many bytes are read."""


class History(Struct, frozen=True, kw_only=True):
    """All threads, and by source what could not be used."""

    threads: tuple[Thread, ...]
    skipped: Mapping[str, Mapping[str, int]]
    units: int
    """How many files and sessions there are, and `fresh` of them were read now."""
    fresh: int
    size: int
    """Bytes that were read now."""


class Where(Struct, frozen=True, kw_only=True):
    """Below some paths, or without any in the usual places and in rolecall's own ledger."""

    machine: Machine
    ledger: Path
    paths: Sequence[Path] = ()


def read(where: Where, store: Store, since: float, progress: Progress) -> History:
    """The history; of calls since a moment at least.

    aider leaves its logs in repositories: it is looked for in those that the others name.
    """
    finder, paths = Finder(), where.paths
    units = list(finder.under(paths) if paths else finder.usual(where.machine, where.ledger))
    fresh = _refresh(units, store, progress)
    batches = list(_batches(units, store, since))
    if not paths:
        folders = (thread.workspace for _, batch in batches for thread in batch.threads)
        beside = list(finder.beside({*filter(None, folders), str(Path.cwd())}))
        fresh += _refresh(beside, store, progress)
        batches += _batches(beside, store, since)
        units += beside
    skipped = finder.skipped
    for source, batch in batches:
        if batch.skipped:
            skipped.setdefault(source, Counter()).update(batch.skipped)
    return History(
        threads=tuple(thread for _, batch in batches for thread in batch.threads),
        skipped=skipped,
        units=len(units),
        fresh=len(fresh),
        size=sum(unit.size for unit in fresh),
    )


def _batches(units: Iterable[Unit], store: Store, since: float) -> Iterator[tuple[str, Batch]]:
    """What these units told, with their sources."""
    known = {(unit.source, unit.path, unit.part) for unit in units}
    if known:
        for source, path, part, batch in store.batches(since):
            if (source, path, part) in known:
                yield source, unpacked(batch)


def _refresh(units: Sequence[Unit], store: Store, progress: Progress) -> list[Unit]:
    """Read the units that changed, and forget those that are gone."""
    marks = store.marks()
    stale = [unit for unit in units if marks.get((unit.source, unit.path, unit.part)) != unit.mark]
    there = {(unit.source, unit.path, unit.part) for unit in units}
    store.drop(key for key in marks.keys() - there if not Path(key[1]).exists())
    kept: list[Read] = []
    for one in _read_all(stale, progress):
        kept.append(one)
        if len(kept) >= _AT_ONCE:
            store.keep(kept)
            kept.clear()
    store.keep(kept)
    return stale


def _read_all(units: Sequence[Unit], progress: Progress) -> Iterator[Read]:
    total, done = sum(unit.size for unit in units), 0
    for one in _alone(units) if total < _ALONE else _together(units):
        done += one.unit.size
        progress(done, total)
        yield one


def _alone(units: Iterable[Unit]) -> Iterator[Read]:
    tools = load_tools() if units else None
    for unit in units:
        assert tools is not None  # noqa: S101 (there is a unit)
        yield _read_one(unit, tools)


def _together(units: Sequence[Unit]) -> Iterator[Read]:
    """The largest first: the last one to end is then a short one."""
    workers = min(os.cpu_count() or 1, _MOST_WORKERS)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_equip) as pool:
        ordered = sorted(units, key=lambda unit: -unit.size)
        for future in as_completed([pool.submit(_work, unit) for unit in ordered]):
            yield future.result()


_EQUIPPED: list[Tools] = []
"""A worker's own tools; empty in every other process."""


def _equip() -> None:
    _EQUIPPED.append(load_tools())


def _work(unit: Unit) -> Read:
    return _read_one(unit, _EQUIPPED[0])


def _read_one(unit: Unit, tools: Tools) -> Read:
    """What a unit tells. One that cannot be read is told as such, and tried again next time."""
    try:
        return packed(unit, SOURCES[unit.source].read(unit, tools))
    except (OSError, Unreadable) as error:
        says = f"{unit.path} cannot be read: {error}"
        failed = packed(unit, Batch(skipped={says: 1}))
        return Read(_forgotten(unit), failed.batch, None, None)


def _forgotten(unit: Unit) -> Unit:
    return Unit(source=unit.source, path=unit.path, part=unit.part, mark="", size=unit.size)
