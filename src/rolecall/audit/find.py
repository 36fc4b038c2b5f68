"""Where histories lie: in the clients' usual places, or below given paths."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rolecall.audit.databases import Unreadable
from rolecall.audit.source import Source, Unit
from rolecall.audit.table import SOURCES
from rolecall.config.machine import Machine
from rolecall.errors import ConfigError

_PASSED = frozenset({"node_modules", ".git", ".venv", "__pycache__"})
"""Folders without histories, and with many files."""


class Finder:
    """Finds units. What cannot be looked at is counted in `skipped`, by source."""

    def __init__(self) -> None:
        self.skipped: dict[str, Counter[str]] = {}
        self._met: set[str] = set()
        self._folders: dict[str, str] = {}

    def usual(self, machine: Machine, ledger: Path) -> Iterator[Unit]:
        """The units in the places that clients use unless they are told otherwise."""
        for source in SOURCES.values():
            for place in source.places(machine):
                yield from self._below(place, (source,))
        if ledger.is_file():
            yield from self._units(SOURCES["rolecall"], ledger)

    def under(self, paths: Iterable[Path]) -> Iterator[Unit]:
        """The units below some paths, whichever client's they are."""
        for path in paths:
            if not path.exists():
                raise ConfigError(f"{str(path)!r} is not there; name a folder or file with logs")
            yield from self._below(path, tuple(SOURCES.values()))

    def beside(self, folders: Iterable[str]) -> Iterator[Unit]:
        """What lies in the repositories themselves: the history of aider."""
        aider = SOURCES["aider"]
        for folder in sorted(set(folders)):
            path = Path(folder) / ".aider.chat.history.md"
            if path.is_file():
                yield from self._units(aider, path)

    def _below(self, place: Path, sources: tuple[Source, ...]) -> Iterator[Unit]:
        def closed(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                self._passed(sources[0] if len(sources) == 1 else None, error.filename, error)

        for path in _files(place, closed):
            source = next((one for one in sources if one.claims(path)), None)
            if source is not None:
                yield from self._units(source, path)

    def _units(self, source: Source, path: Path) -> Iterator[Unit]:
        real = self._real(path)
        if real in self._met:
            return
        self._met.add(real)
        try:
            yield from source.units(source.name, path)
        except (OSError, Unreadable) as error:
            self._passed(source, path, error)

    def _real(self, path: Path) -> str:
        """Where a file really is; links of a folder are followed once for all files in it."""
        if os.path.islink(path):  # noqa: PTH114 (many of them)
            return os.path.realpath(path)
        folder = os.path.dirname(path)  # noqa: PTH120
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], os.path.basename(path))  # noqa: PTH118, PTH119

    def _passed(self, source: Source | None, path: Path | str, error: Exception) -> None:
        says = f"{path} cannot be read: {error}"
        self.skipped.setdefault(source.name if source else "", Counter())[says] += 1


def _files(place: Path, closed: Callable[[OSError], None]) -> Iterator[Path]:
    """All below a place. A folder that may not be looked into is told to `closed`."""
    if os.path.isfile(place):  # noqa: PTH113 (false where nobody may look, and no error)
        yield place
        return
    for folder, folders, names in os.walk(place, onerror=closed):
        folders[:] = sorted(name for name in folders if name not in _PASSED)
        yield from (Path(folder, name) for name in sorted(names))
