"""Tasks as files: one TOML each, which a person may edit, the request above all.

Mined tasks lie in rolecall's own data folder, hand-written ones in `trials/` of the repository.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import tomlkit
from msgspec import Struct
from msgspec.structs import replace
from tomlkit import TOMLDocument

from rolecall.config import files
from rolecall.config.load import nearest
from rolecall.errors import TrialError
from rolecall.trials.judging.git import asked
from rolecall.types.trials import Defect, Judge, Task

_FULL = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
HAND_WRITTEN = "trials"
"""The folder of a repository where its people write tasks of their own."""


def trial_folder(data: Path, repository: Path) -> Path:
    """Where all that trials of a repository need is kept, apart from the repository."""
    path = repository.resolve()
    told = blake2b(str(path).encode("utf-8", "surrogateescape"), digest_size=5).hexdigest()
    name = re.sub(r"[^\w.-]+", "-", path.name) or "repository"
    return data / "trials" / f"{name}-{told}"


def load_tasks(data: Path, repository: Path) -> list[Task]:
    """Every task of a repository, mined and hand-written, by id. A file that is wrong is named."""
    repository = repository.resolve()
    mined = sorted((trial_folder(data, repository) / "tasks").glob("*.toml"))
    written = sorted((repository / HAND_WRITTEN).glob("*.toml"))
    found: dict[str, Task] = {}
    for path in (*mined, *written):
        task = _settled(read_task(path, repository), path)
        if task.id in found:
            raise TrialError(f"{path}: another task has the id {task.id!r}; give it one of its own")
        found[task.id] = task
    return list(found.values())


def _settled(task: Task, path: Path) -> Task:
    """The task with commits by their full names, where it has them by a branch, a tag or `HEAD`."""
    named = {
        field: _commit(path, task.repository, name)
        for field, name in (("base", task.base), ("source", task.source))
        if name and not _FULL.fullmatch(name)
    }
    return replace(task, **named) if named else task


def _commit(path: Path, repository: str, name: str) -> str:
    ask = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    try:
        return asked(*ask, folder=Path(repository)).decode().strip()
    except TrialError as error:
        raise TrialError(f"{path}: {name!r} is no commit of {repository}") from error


def read_task(path: Path, repository: Path) -> Task:
    """One file. What it leaves out is its own name as id, and this repository."""
    try:
        raw = msgspec.toml.decode(path.read_bytes())
    except OSError as error:
        raise TrialError(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TrialError(f"{path}: is not valid TOML: {error}") from error
    _check_keys(path, raw)
    try:
        task = msgspec.convert({"id": path.stem, "repository": str(repository), **raw}, Task)
    except msgspec.ValidationError as error:
        raise TrialError(f"{path}: {error}") from error
    if not re.fullmatch(r"[\w.-]+", task.id) or task.id.startswith("."):
        raise TrialError(f"{path}: the id {task.id!r} has to be letters, digits, - and _")
    if (task.judge is None) == (not task.defects):
        what = "neither a judge nor defects" if task.judge is None else "a judge and defects"
        raise TrialError(f"{path}: has {what}; a task is judged by one of them")
    return task


def _check_keys(path: Path, raw: Mapping[str, Any]) -> None:
    """A key that nobody reads is a mistake, and named with the nearest valid one."""
    defects = raw.get("defects")
    tables: list[tuple[str, Any, type[Struct]]] = [
        ("", raw, Task),
        ("judge.", raw.get("judge"), Judge),
        *(("defects.", one, Defect) for one in (defects if isinstance(defects, list) else ())),
    ]
    for place, table, schema in tables:
        valid = schema.__struct_encode_fields__
        for key in table if isinstance(table, dict) else ():
            if key not in valid:
                raise TrialError(f"{path}: unknown key {place}{key}; {nearest(key, valid)}")


def write_task(folder: Path, task: Task) -> Path:
    """Write a task as TOML into a folder, whole or not at all."""
    path = folder / f"{task.id}.toml"
    files.replace(path, tomlkit.dumps(_table(msgspec.to_builtins(task))).encode(), 0o644)
    return path


def _table(values: Mapping[str, Any]) -> TOMLDocument:
    """Texts of several lines and lists are written so that a person can edit them."""
    document = tomlkit.document()
    for key, value in values.items():
        document.add(key, _item(value))
    return document


def _item(value: Any) -> Any:
    match value:
        case str() if "\n" in value and _is_plain(value):
            written = tomlkit.string(value, multiline=True).as_string()
            return tomlkit.value(f'"""\n{written[3:]}')
        case dict():
            table = tomlkit.table()
            for key, inner in value.items():
                table.add(key, _item(inner))
            return table
        case [dict(), *_]:
            tables = tomlkit.aot()
            for inner in value:
                tables.append(_item(inner))
            return tables
        case list() | tuple():
            return tomlkit.item(list(value)).multiline(multiline=len(value) > 1)
        case _:
            return value


def _is_plain(text: str) -> bool:
    return all(mark.isprintable() or mark == "\n" for mark in text)
