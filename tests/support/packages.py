"""Histories made of real packages: what the source distribution holds, put back part by part."""

from __future__ import annotations

import ast
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import Struct

from support.repositories import QUICK, Repository

_SOURCES = Path(__file__).parents[2] / ".clients/sources"


def unpacked(name: str, folder: Path) -> Path:
    """A source distribution's folder; skips the test, with the reason, where it was not fetched."""
    found = sorted(_SOURCES.glob(f"{name}-*.tar.gz"))
    if not found:
        reason = f"the source distribution of {name} is not there: run `make clients`"
        if os.environ.get("ROLECALL_E2E") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    with tarfile.open(found[0]) as archive:
        archive.extractall(folder, filter="data")
    return folder / found[0].name.removesuffix(".tar.gz")


class Part(Struct, frozen=True):
    """A function or class of the module, and its tests.

    Functions of the file `tests` whose names begin with `prefix`; all of the file without one.
    """

    name: str
    tests: str
    prefix: str = ""


def history(sources: Path, folder: Path, parts: Sequence[Part], module: str) -> Repository:
    """First the package without these parts of a module and their tests; then each of them."""
    files: dict[str, str | bytes | None] = {
        str(path.relative_to(sources)): path.read_bytes() for path in _files(sources)
    }
    whole = (sources / module).read_text()
    repository = Repository(folder)
    first = {**files, "pytest.ini": _pytest_ini(), module: _without(whole, [p.name for p in parts])}
    for part in parts:
        first[part.tests] = _tests(sources, part.tests, parts)
    repository.commit("Begin", {name: text for name, text in first.items() if text is not None})
    for at, part in enumerate(parts):
        later = parts[at + 1 :]
        change = {
            module: _without(whole, [one.name for one in later]),
            part.tests: _tests(sources, part.tests, later),
        }
        repository.commit(f"Add {part.name}: {_says(whole, part.name)}", change)
    return repository


def _tests(sources: Path, path: str, without: Sequence[Part]) -> str | None:
    """A file of tests without those of some parts; None where nothing is left of it."""
    gone = [part.prefix for part in without if part.tests == path]
    if "" in gone:
        return None
    return _without((sources / path).read_text(), gone)


def _pytest_ini() -> str:
    return QUICK.replace("[tool.pytest.ini_options]", "[pytest]").replace('"', "")


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]


def _without(text: str, gone: Sequence[str]) -> str:
    """A module without functions and classes whose names begin so, decorators included."""
    lines = text.splitlines(keepends=True)
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.startswith(tuple(gone)):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            del lines[first - 1 : node.end_lineno]
    return "".join(lines)


def _says(text: str, part: str) -> str:
    """The first line of what a part says of itself."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == part:
            return (ast.get_docstring(node) or "").partition("\n")[0]
    raise AssertionError(part)
