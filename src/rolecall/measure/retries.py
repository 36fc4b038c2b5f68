"""The same model asked again, beside a cascade: from tables that hold several runs of each task.

What a second attempt costs is not known there in money, so attempts are the equal resource: a
cascade of two and a retry both ask at most twice, and go on where the verifier rejects. Trials of
one submission on one task are exchangeable; each ordered pair of different ones is averaged over.
"""

from __future__ import annotations

import csv
import gzip
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import permutations, product
from pathlib import Path

from msgspec import Struct

from rolecall.errors import ConfigError
from rolecall.measure.paired import Difference, Sums, difference, figure
from rolecall.measure.strategies import Verifier

FILE = "terminal_bench_core.csv.gz"
_DATED = 8
"""Digits that a submission's name may begin with."""


class Trials(Struct, frozen=True, kw_only=True):
    """Whether each run of each task was solved, by submission; all have the same tasks."""

    tasks: tuple[str, ...]
    runs: dict[str, tuple[tuple[bool, ...], ...]]


class Twice(Struct, frozen=True):
    """On one task: the chance that what is delivered is right, and the attempts expected."""

    solved: float
    attempts: float


class Comparison(Struct, frozen=True, kw_only=True):
    """A cascade of two submissions of one scaffold beside retries of each, under one verifier.

    `gain` is over the better of both retries, at as many attempts at most. `at_list_price` is over
    a mix of both for the cascade's price, where one model's tokens cost a multiple of the other's.
    """

    scaffold: str
    cascade: tuple[str, str]
    verifier: str
    solved: float
    attempts: float
    retries: tuple[float, float]
    gain: Difference
    at_list_price: Difference | None = None


def load(folder: Path) -> Trials:
    """The table. Raises `ConfigError` where it is not there or cannot be read."""
    path = folder / FILE
    found: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file):
                found[line["submission"]][line["instance_id"]].append(line["resolved"] == "True")
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; name its folder by --data") from error
    tasks = tuple(sorted({task for runs in found.values() for task in runs}))
    whole = {name: runs for name, runs in found.items() if _is_whole(runs, tasks)}
    return Trials(
        tasks=tasks,
        runs={name: tuple(tuple(runs[task]) for task in tasks) for name, runs in whole.items()},
    )


def _is_whole(runs: Mapping[str, Sequence[bool]], tasks: Sequence[str]) -> bool:
    """Every task was run, and more than once."""
    return all(len(runs.get(task, ())) > 1 for task in tasks)


def scaffold_of(submission: str) -> str:
    """What stands between the day and the model: `20250923_droid_claude-4-sonnet` is of `droid`."""
    parts = submission.split("_")
    dated = len(parts[0]) == _DATED and parts[0].isdigit()
    return parts[1] if dated and len(parts) > 2 else submission


def luck(trials: Trials) -> dict[str, float]:
    """By submission, the share of tasks whose runs do not agree: what a single run leaves open."""
    return {
        name: sum(len(set(runs)) > 1 for runs in tasks) / len(tasks)
        for name, tasks in trials.runs.items()
    }


def cascade(first: Sequence[bool], second: Sequence[bool], verifier: Verifier) -> Twice:
    """One task through two submissions, over every pair of their runs."""
    return _mean([_twice(a, b, verifier) for a, b in product(first, second)])


def retry(runs: Sequence[bool], verifier: Verifier) -> Twice:
    """One task through the same submission twice, over every ordered pair of different runs."""
    return _mean([_twice(a, b, verifier) for a, b in permutations(runs, 2)])


def _twice(first: bool, second: bool, verifier: Verifier) -> Twice:  # noqa: FBT001 (two results)
    accepted = verifier.correct if first else verifier.wrong
    return Twice(accepted * first + (1 - accepted) * second, 1 + (1 - accepted))


def _mean(found: Sequence[Twice]) -> Twice:
    count = len(found)
    return Twice(
        math.fsum(one.solved for one in found) / count,
        math.fsum(one.attempts for one in found) / count,
    )


def compared(trials: Trials, verifier: Verifier, *, seed: int = 1) -> list[Comparison]:
    """Every cascade of two submissions that share a scaffold, the greatest gain first."""
    found = [
        _compared(trials, a, b, verifier, seed)
        for a, b in permutations(trials.runs, 2)
        if scaffold_of(a) == scaffold_of(b)
    ]
    return sorted(found, key=lambda one: -one.gain.mean)


def _compared(trials: Trials, a: str, b: str, verifier: Verifier, seed: int) -> Comparison:
    first, second = trials.runs[a], trials.runs[b]
    both = [cascade(x, y, verifier) for x, y in zip(first, second, strict=True)]
    again = [[retry(runs, verifier) for runs in one] for one in (first, second)]
    mean, means = _mean(both), [_mean(one) for one in again]
    better = again[0] if means[0].solved >= means[1].solved else again[1]
    gains = [one.solved - other.solved for one, other in zip(both, better, strict=True)]
    prices = [list_price(name) for name in (a, b)]
    known = [price for price in prices if price is not None]
    return Comparison(
        scaffold=scaffold_of(a),
        cascade=(a, b),
        verifier=verifier.name,
        solved=mean.solved,
        attempts=mean.attempts,
        retries=(means[0].solved, means[1].solved),
        gain=difference(gains, trials.tasks, seed=seed),
        at_list_price=_at_price(both, again, known, trials, seed) if len(known) == 2 else None,
    )


def list_price(submission: str) -> float | None:
    """Price by token, as a multiple of Claude Sonnet 4's; None where it is no plain multiple."""
    return next((price for name, price in _LIST_PRICES if submission.endswith(name)), None)


_LIST_PRICES = (
    ("claude-4-sonnet", 1.0),
    ("claude-4-opus", 5.0),
    ("claude-4-1-opus", 5.0),
    ("claude-4.1-opus", 5.0),
)
"""Input, output and cache of Opus 4 and 4.1 cost five times those of Sonnet 4 (`prices.json`)."""


def _at_price(
    both: Sequence[Twice],
    again: Sequence[Sequence[Twice]],
    prices: Sequence[float],
    trials: Trials,
    seed: int,
) -> Difference:
    """Over a mix of both retries for the cascade's price, the mix found anew in each draw.

    Attempts of both are taken to be of as many tokens: the table does not tell them all.
    """
    values = [
        (one.solved, one.attempts, x.solved, x.attempts, y.solved, y.attempts, 1.0)
        for one, x, y in zip(both, *again, strict=True)
    ]

    def gain(sums: Sums) -> float:
        solved, attempts, *retries, tasks = sums
        spent = prices[0] * tasks + prices[1] * (attempts - tasks)
        options = [(prices[0] * retries[1], retries[0]), (prices[1] * retries[3], retries[2])]
        return (solved - _mixed(spent, options)) / tasks

    return figure(values, trials.tasks, gain, seed=seed)


def _mixed(spent: float, options: Sequence[tuple[float, float]]) -> float:
    """What a mix of two solves for a price: each option is its price and what it solves."""
    (cheap, low), (dear, high) = sorted(options)
    if dear == cheap:
        return max(low, high)
    part = min(max((spent - cheap) / (dear - cheap), 0.0), 1.0)
    return low + part * (high - low)
