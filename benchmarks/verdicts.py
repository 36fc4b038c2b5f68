"""How often verdicts on trials are wrong, how often they find what is there, and what they cost.

`python -m benchmarks.verdicts` simulates trials whose truth is known and prints the tables of
docs/trials.md: each trial is looked at after every task, and counts where any look would have said
so. Beside it stands McNemar's exact test, looked at as often. It took twenty minutes on two cores
that others used, too; `--trials 100` gives a first impression. `--speed` times a verdict alone.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing import get_context
from statistics import median

import msgspec
from msgspec import Struct

from rolecall.measure.binomial import mcnemar, wilson
from rolecall.measure.contrasts import Shown, shown
from rolecall.measure.pairs import Table, arms, pairs, table
from rolecall.measure.several import needed
from rolecall.measure.simulated import Truth, simulated
from rolecall.measure.verdicts import evidence, verdicts
from rolecall.types.trials import Run
from rolecall.types.words import Kind

ERROR = 0.05
ROUNDS = 5
KINDS: tuple[Kind, ...] = ("fix", "tests", "docs")


class Line(Struct, frozen=True, kw_only=True):
    """One truth, and how large each trial of it is."""

    name: str
    truth: Truth
    tasks: int
    repetitions: int = 1
    level: float = 1 - ERROR


def equal(**others: object) -> Truth:
    bare = Truth(solves=(0.5, 0.5), costs=(0.1, 0.1))
    return msgspec.structs.replace(bare, **others)


NULL = (
    Line(name="equal", truth=equal(), tasks=100),
    Line(name="equal, on tasks of their own", truth=equal(luck=0.0, alike=0.0), tasks=100),
    Line(name="equal, chance alone", truth=equal(luck=1.0), tasks=100),
    Line(name="equal, no chance, 3 repetitions", truth=equal(luck=0.0), tasks=50, repetitions=3),
    Line(name="equal, half chance, 3 repetitions", truth=equal(), tasks=50, repetitions=3),
    Line(
        name="three equal candidates and the first",
        truth=Truth(solves=(0.5,) * 4, costs=(0.1,) * 4),
        tasks=60,
    ),
    Line(name="equal, on the whole and three kinds", truth=equal(kinds=KINDS), tasks=90),
    Line(
        name="ten points worse, a tenth of the price",
        truth=Truth(solves=(0.6, 0.5), costs=(0.1, 0.01)),
        tasks=150,
    ),
    Line(name="equal, three times the price", truth=equal(costs=(0.1, 0.3)), tasks=150),
)
POWER = tuple(
    Line(
        name=f"{gain * 100:.0f} points better",
        truth=Truth(solves=(0.5 - gain / 2, 0.5 + gain / 2), costs=(0.1, 0.1)),
        tasks=tasks,
        repetitions=repetitions,
    )
    for gain, tasks, repetitions in (
        (0.4, 20, 1),
        (0.3, 30, 1),
        (0.3, 60, 1),
        (0.2, 60, 1),
        (0.2, 100, 1),
        (0.2, 60, 3),
        (0.1, 200, 1),
        (0.1, 400, 1),
    )
) + tuple(
    Line(
        name="as good, a fifth of the price",
        truth=Truth(solves=(0.6, 0.6), costs=(0.1, 0.02)),
        tasks=tasks,
        repetitions=repetitions,
    )
    for tasks, repetitions in ((100, 1), (200, 1), (400, 1), (100, 3))
)
KEEP = (
    Line(
        name="30 points worse, half the price",
        truth=Truth(solves=(0.6, 0.3), costs=(0.1, 0.05)),
        tasks=60,
    ),
    Line(
        name="20 points worse, half the price",
        truth=Truth(solves=(0.6, 0.4), costs=(0.1, 0.05)),
        tasks=200,
    ),
    Line(name="equal, at the same price", truth=equal(), tasks=200),
    Line(name="equal, at the same price", truth=equal(), tasks=400),
)


def trial_of(line: Line, seed: int) -> Table:
    trial, runs = simulated(line.truth, line.tasks, repetitions=line.repetitions, seed=seed)
    return table(trial, runs, [run.key for run in runs])


def says_switch(line: Line, seed: int) -> bool:
    """Whether any candidate would have been a switch at any look, by evidence alone."""
    found = trial_of(line, seed)
    kinds = [None, *(line.truth.kinds if len(line.truth.kinds) > 1 else ())]
    told = {
        (arm.candidate, kind): evidence(shown(found, arm, kind))
        for arm in arms(found.trial)
        if arm.candidate != found.trial.candidates[0]
        for kind in kinds
    }
    many = len(told) // len(kinds)
    weights = {
        (name, kind): (1 / many if kind is None else 1 / many / (len(kinds) - 1))
        for name, kind in told
    }
    limits = needed(told, weights, ERROR)
    return any(told[name] >= limits[name] for name in told)


def says_keep(line: Line, seed: int) -> bool:
    found = trial_of(line, seed)
    told: Shown = shown(found, arms(found.trial)[1])
    idle = min(told.no_gain.most, told.no_saving.most)
    return max(told.worse.most, idle) >= 1 / ERROR and evidence(told) < 1 / ERROR


def mcnemar_says(line: Line, seed: int) -> bool:
    """A test for one look, looked at after each task: its first repetition, one arm each."""
    found = trial_of(line, seed)
    bare = msgspec.structs.replace(found.trial, control=False, repetitions=1)
    first = [run for many in found.runs.values() for run in many if run.repetition == 1]
    won = lost = 0
    for one in pairs(table(bare, first), arms(bare)[1]):
        won, lost = won + (one.gain > 0), lost + (one.gain < 0)
        if won > lost and mcnemar(won, lost) < 2 * ERROR:
            return True
    return False


def share(says: Callable[[Line, int], bool], line: Line, trials: int) -> str:
    """How often, with the interval that so many trials can tell."""
    with get_context("fork").Pool() as pool:
        held = sum(pool.imap_unordered(partial(says, line), range(trials), chunksize=25))
    within = wilson(held, trials)
    return f"{held / trials:.1%} ({within.low:.1%} to {within.high:.1%})"


def tables(trials: int) -> None:
    print(f"{trials:,} trials a line; in brackets what so many can tell (95 %, Wilson)\n")
    print("| nothing to switch to | tasks | wrong switch at any look | McNemar at any look |")
    print("|---|--:|--:|--:|")
    for line in NULL:
        old = share(mcnemar_says, line, trials) if len(line.truth.solves) == 2 else ""
        print(f"| {line.name} | {line.tasks} | {share(says_switch, line, trials)} | {old} |")
    for title, lines, says in (
        ("something to switch to", POWER, says_switch),
        ("something to keep", KEEP, says_keep),
    ):
        word = "switch" if says is says_switch else "keep"
        print(f"\n| {title} | tasks | repetitions | {word} |\n|---|--:|--:|--:|")
        for line in lines:
            told = share(says, line, trials)
            print(f"| {line.name} | {line.tasks} | {line.repetitions} | {told} |")


def speed() -> None:
    """A verdict on 10,008 runs beside one decoding of the same runs from JSON."""
    truth = Truth(solves=(0.5, 0.5, 0.6), costs=(0.1, 0.1, 0.05), kinds=("fix", "tests"))
    trial, runs = simulated(truth, 834, repetitions=3)
    keys = [run.key for run in runs]
    body = msgspec.json.encode(runs)
    verdict = median(_timed(lambda: verdicts(table(trial, runs, keys))) for _ in range(ROUNDS))
    decode = median(
        _timed(lambda: msgspec.json.decode(body, type=Sequence[Run])) for _ in range(ROUNDS)
    )
    print(
        f"a verdict on {len(runs):,} runs of {len(trial.tasks)} tasks, two candidates, two kinds: "
        f"{verdict:.2f} s of CPU, {verdict / decode:.0f} x one decoding of them"
    )


def _timed(act: Callable[[], object]) -> float:
    start = time.process_time()
    act()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--speed", action="store_true")
    given = parser.parse_args()
    if not given.speed:
        tables(given.trials)
        print()
    speed()


if __name__ == "__main__":
    main()
