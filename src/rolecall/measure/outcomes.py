"""Tables of outcomes: which model solved which task, and what that cost.

A table holds runs of one scaffold alone, since costs of different scaffolds do not compare.
Formats: the `csv.gz` files that `rolecall bench --data` is pointed at, described in docs/bench.md.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from rolecall.errors import ConfigError


class Outcome(Struct, frozen=True):
    """One run on one task. `cost` is in USD."""

    solved: bool
    cost: float


class Table(Struct, frozen=True, kw_only=True):
    """Outcomes of models on the same tasks, in one order. `clusters` name each task's repository.

    `left_out` says which models are not compared, and why.
    """

    name: str
    source: str
    tasks: tuple[str, ...]
    clusters: tuple[str, ...]
    runs: dict[str, tuple[Outcome, ...]]
    left_out: dict[str, str] = {}


class Place(Struct, frozen=True, kw_only=True):
    """Where a table stands: a file, and which of its lines belong to one scaffold and benchmark."""

    file: str
    lines: dict[str, str]


PLACES: dict[str, Place] = {
    "swe-bench": Place(
        file="openhands_index.csv.gz", lines={"benchmark": "swe-bench", "agent": "openhands"}
    ),
    "swt-bench": Place(
        file="openhands_index.csv.gz", lines={"benchmark": "swt-bench", "agent": "openhands"}
    ),
    "swebench-verified-mini": Place(
        file="swebench_verified_mini.csv.gz", lines={"scaffold_version": "2.0.0"}
    ),
}


def load(name: str, folder: Path) -> Table:
    """A table by its name. Raises `ConfigError` where it is not there or cannot be read."""
    place = PLACES[name]
    path = folder / place.file
    found: dict[str, dict[str, Outcome | None]] = {}
    for line in _lines(path):
        if all(line.get(key) == value for key, value in place.lines.items()):
            found.setdefault(line["model"], {})[line["instance_id"]] = _outcome(line, path)
    if not found:
        raise ConfigError(f"{path} holds no line of {name}: {place.lines}")
    tasks = tuple(sorted({task for runs in found.values() for task in runs}))
    whole = {model: _whole(runs, tasks) for model, runs in found.items()}
    return Table(
        name=name,
        source=place.file,
        tasks=tasks,
        clusters=tuple(map(cluster_of, tasks)),
        runs={model: runs for model, runs in whole.items() if not isinstance(runs, str)},
        left_out={model: why for model, why in whole.items() if isinstance(why, str)},
    )


def cluster_of(task: str) -> str:
    """The repository, where a task is named by it: `django__django-11099`."""
    return task.rpartition("-")[0] or task


def _lines(path: Path) -> Iterator[dict[str, str]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path} cannot be read: {error}; name its folder by --data") from error


def _outcome(line: dict[str, str], path: Path) -> Outcome | None:
    """None where the line does not say what it cost."""
    cost = line.get("cost_usd", "")
    if not cost:
        return None
    try:
        return Outcome(line["resolved"] == "True", float(cost))
    except (KeyError, ValueError) as error:
        raise ConfigError(f"{path}: a line of {line.get('model')} cannot be read") from error


def _whole(runs: dict[str, Outcome | None], tasks: tuple[str, ...]) -> tuple[Outcome, ...] | str:
    """All outcomes in the order of the tasks, or why they are no whole table."""
    missing = [task for task in tasks if runs.get(task) is None]
    if missing:
        return f"{len(missing)} of {len(tasks)} tasks without a result or a cost"
    found = tuple(one for task in tasks if (one := runs[task]) is not None)
    return found if any(one.cost > 0 for one in found) else "no cost is stated"
