"""Tasks as files: one TOML each, which a person may edit, the request above all.

Mined tasks lie in rolecall's own data folder, hand-written ones in `trials/` of the repository.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from pathlib import Path

import msgspec
import tomlkit
from msgspec.structs import replace

from rolecall.config import files
from rolecall.errors import TrialError
from rolecall.types.trials import Task

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
        task = read_task(path, repository)
        if task.id in found:
            raise TrialError(f"{path}: another task has the id {task.id!r}; give it one of its own")
        found[task.id] = task
    return list(found.values())


def read_task(path: Path, repository: Path) -> Task:
    """One file. What it leaves out is its own name as id, and this repository."""
    try:
        raw = msgspec.toml.decode(path.read_bytes())
        return msgspec.convert({"id": path.stem, "repository": str(repository), **raw}, Task)
    except OSError as error:
        raise TrialError(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TrialError(f"{path}: {error}") from error


def write_task(folder: Path, task: Task) -> Path:
    """Write a task as TOML into a folder, whole or not at all."""
    document = tomlkit.document()
    for key, value in msgspec.to_builtins(replace(task), builtin_types=()).items():
        document.add(key, value)
    path = folder / f"{task.id}.toml"
    files.replace(path, tomlkit.dumps(document).encode(), 0o644)
    return path
