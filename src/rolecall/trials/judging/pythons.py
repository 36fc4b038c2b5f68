"""The Python interpreter of a repository: which one, and what it would import from where."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from rolecall.errors import TrialError

_PLACES = (".venv/bin/python", "venv/bin/python", "env/bin/python")
_ASKED = """
import importlib.util, json, sys
print(json.dumps({
    "prefix": sys.prefix,
    "base_prefix": sys.base_prefix,
    "path": [entry for entry in sys.path if entry],
    "lacks": [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None],
}))
"""
_PATIENCE = 60.0
"""Seconds that an interpreter may take to say what it is."""


class _Answer(Struct, frozen=True):
    prefix: str
    base_prefix: str
    path: list[str]
    lacks: list[str]


class Python(Struct, frozen=True, kw_only=True):
    """An interpreter, and where it imports from.

    `roots` are folders of a tree; `outside` are folders beside its own, out of the repository.
    """

    path: Path
    prefix: str
    base_prefix: str
    roots: tuple[str, ...]
    outside: tuple[str, ...]


def interpreter(
    repository: Path, environ: Mapping[str, str], named: Path | None, *, needs: Sequence[str] = ()
) -> Python:
    """The first interpreter that runs and has what tests need.

    The one named, else the repository's own, else the one on PATH. Raises `TrialError` that names
    what was tried.
    """
    tried = []
    for path in (named,) if named is not None else _candidates(repository, environ):
        answer = _ask(path, environ, needs)
        if answer is not None and not answer.lacks:
            return _described(repository, path, answer)
        tried.append(f"{path} ({_wrong(answer)})")
    raise TrialError(
        f"{repository}: no Python can run its tests; tried {', '.join(tried) or 'none'}. "
        "Make a .venv in it with what its tests need, or name one with --command PYTHON"
    )


def _wrong(answer: _Answer | None) -> str:
    return "does not run" if answer is None else f"has no {', '.join(answer.lacks)}"


def _candidates(repository: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    for place in _PLACES:
        if (repository / place).exists():
            yield repository / place
    yield from sorted(repository.glob(".tox/py*/bin/python"))
    for name in ("python3", "python"):
        found = shutil.which(name, path=environ.get("PATH"))
        if found is not None:
            yield Path(found)


def _ask(path: Path, environ: Mapping[str, str], needs: Sequence[str]) -> _Answer | None:
    try:
        done = subprocess.run(  # noqa: S603 (the repository's own interpreter)
            [str(path), "-c", _ASKED, *needs],
            capture_output=True,
            cwd="/",
            env=dict(environ),
            timeout=_PATIENCE,
            check=False,
        )
        return msgspec.json.decode(done.stdout, type=_Answer)
    except (OSError, subprocess.TimeoutExpired, msgspec.DecodeError):
        return None


def _described(repository: Path, path: Path, answer: _Answer) -> Python:
    """What editable installs add to the path becomes the same folder of a tree."""
    own = (Path(answer.prefix), Path(answer.base_prefix))
    roots, outside = [], []
    for entry in map(Path, answer.path):
        if any(entry.is_relative_to(place) for place in own):
            continue
        if entry.is_relative_to(repository):
            roots.append(str(entry.relative_to(repository)))
        elif entry.exists():
            outside.append(str(entry))
    return Python(
        path=path,
        prefix=answer.prefix,
        base_prefix=answer.base_prefix,
        roots=tuple(dict.fromkeys((*roots, "src", "."))),
        outside=tuple(outside),
    )
