"""Routing on the text of a task before it runs: the baseline that is often promised to help.

A naive Bayes classifier over the words of a task, learnt on other repositories, says how likely the
cheap model is to solve it; the easier half goes to that one, the rest to the best. Beside it stands
a coin that spends as much. P. Domingos and M. Pazzani, Machine Learning 29 (1997) 103.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from rolecall.errors import ConfigError
from rolecall.measure.outcomes import Table
from rolecall.measure.paired import Difference, difference
from rolecall.measure.strategies import best_constant, frontier

_WORD = re.compile(r"[a-z_]{3,30}")
_SMOOTHING = 1.0


class Routed(Struct, frozen=True, kw_only=True):
    """Shares, and USD for a task. `over_mix` is over a coin at equal spend, paired by task."""

    table: str
    tasks: int
    cheap: str
    to_cheap: float
    accuracy: float
    cost: float
    over_mix: Difference


def read(path: Path) -> dict[str, str]:
    """Texts by task: parquet, or lines of JSON, with `instance_id` and `problem_statement`.

    Raises `ConfigError` where it cannot be read.
    """
    try:
        rows = _parquet(path) if path.suffix == ".parquet" else _lines(path)
        return {row["instance_id"]: row["problem_statement"] for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        says = "it needs instance_id and problem_statement, as parquet or lines of JSON"
        raise ConfigError(f"--texts {path} cannot be read ({error}); {says}") from error


def _lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _parquet(path: Path) -> list[dict[str, str]]:
    try:
        from pyarrow import parquet  # noqa: PLC0415 (a wheel of 55 MB for one file: a group of its own)
    except ImportError as error:
        says = "install pyarrow (dependency group `texts`), or give lines of JSON"
        raise ConfigError(f"--texts {path}: {says}") from error
    columns = ["instance_id", "problem_statement"]
    rows: list[dict[str, str]] = parquet.read_table(path, columns=columns).to_pylist()
    return rows


class Bayes(Struct, frozen=True):
    """Log-odds of each word for tasks that were solved against those that were not."""

    start: float
    words: dict[str, float]

    def odds(self, words: frozenset[str]) -> float:
        return self.start + math.fsum(self.words.get(word, 0.0) for word in words)


def words_of(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def fit(texts: Sequence[frozenset[str]], solved: Sequence[bool]) -> Bayes:
    """Counts with add-one smoothing; words that are met once say nothing."""
    yes = Counter(w for words, is_so in zip(texts, solved, strict=True) if is_so for w in words)
    no = Counter(w for words, is_so in zip(texts, solved, strict=True) if not is_so for w in words)
    count = sum(solved)
    rest = len(solved) - count
    odds = {
        word: math.log((yes[word] + _SMOOTHING) / (count + 2 * _SMOOTHING))
        - math.log((no[word] + _SMOOTHING) / (rest + 2 * _SMOOTHING))
        for word in yes | no
        if yes[word] + no[word] > 1
    }
    return Bayes(math.log((count + _SMOOTHING) / (rest + _SMOOTHING)), odds)


def routed(
    table: Table, texts: Mapping[str, str], folds: Sequence[Sequence[int]], *, seed: int = 1
) -> Routed:
    """Each fold routed by what was learnt on the others.

    Raises `ConfigError` where a task has no text.
    """
    missing = [task for task in table.tasks if task not in texts]
    if missing:
        raise ConfigError(f"{table.name}: {len(missing)} tasks have no text, such as {missing[0]}")
    words = [words_of(texts[task]) for task in table.tasks]
    every = range(len(table.tasks))
    cheap_of: dict[int, str] = {}
    chosen: dict[int, str] = {}
    best_of: dict[int, str] = {}
    for fold in folds:
        held = set(fold)
        seen = [n for n in every if n not in held]
        best, cheap = best_constant(table, seen), frontier(table, seen)[0]
        model = fit([words[n] for n in seen], [table.runs[cheap][n].solved for n in seen])
        odds = sorted(model.odds(words[n]) for n in seen)
        middle = odds[len(odds) // 2]
        for n in fold:
            cheap_of[n], best_of[n] = cheap, best
            chosen[n] = cheap if model.odds(words[n]) >= middle else best
    return _scored(table, chosen, cheap_of, best_of, seed)


def _scored(
    table: Table,
    chosen: Mapping[int, str],
    cheap_of: Mapping[int, str],
    best_of: Mapping[int, str],
    seed: int,
) -> Routed:
    runs, every = table.runs, range(len(table.tasks))
    spent = math.fsum(runs[chosen[n]][n].cost for n in every)
    low = math.fsum(runs[cheap_of[n]][n].cost for n in every)
    high = math.fsum(runs[best_of[n]][n].cost for n in every)
    part = min(max((spent - low) / (high - low), 0.0), 1.0) if high > low else 0.0
    gains = [
        runs[chosen[n]][n].solved
        - (1 - part) * runs[cheap_of[n]][n].solved
        - part * runs[best_of[n]][n].solved
        for n in every
    ]
    return Routed(
        table=table.name,
        tasks=len(every),
        cheap=Counter(cheap_of.values()).most_common(1)[0][0],
        to_cheap=sum(chosen[n] == cheap_of[n] for n in every) / len(every),
        accuracy=sum(runs[chosen[n]][n].solved for n in every) / len(every),
        cost=spent / len(every),
        over_mix=difference(gains, table.clusters, seed=seed),
    )
