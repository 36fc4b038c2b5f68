"""In which order runs are made, and which of them the budget lets start. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from rolecall.measure.pairs import Key, arms
from rolecall.types.trials import Run, Trial


def order(trial: Trial) -> list[Key]:
    """All runs of a trial, in an order that its seed decides.

    Each task is done by all arms, in any order, before the next is begun: what drifts meanwhile, a
    provider or this machine, hits all arms alike. Every task has its turn before a second one.
    """
    names, draw = trial.candidates, random.Random(trial.seed)  # noqa: S311 (an order, no secret)
    found: list[Key] = []
    for repetition in range(1, trial.repetitions + 1):
        tasks = list(trial.tasks)
        draw.shuffle(tasks)
        for task in tasks:
            block = sorted(arms(trial), key=lambda arm: (names.index(arm.candidate), arm.control))
            draw.shuffle(block)
            found += [(task, arm, repetition) for arm in block]
    return found


def pending(trial: Trial, runs: Iterable[Run]) -> list[Key]:
    """What is still to be made: whatever has no run, or one that was lost."""
    done = {run.key for run in runs if run.stop != "lost"}
    return [key for key in order(trial) if key not in done]


def expected(
    candidate: str, runs: Sequence[Run], trial: Trial, planned: Mapping[str, Decimal]
) -> Decimal:
    """USD that a run of a candidate will cost: its mean so far, else what was planned.

    Where nothing is known it is the most that a run may spend.
    """
    costs = [run.cost for run in runs if run.arm.candidate == candidate and run.cost is not None]
    if costs:
        return sum(costs, Decimal(0)) / len(costs)
    most = trial.limits.spend or trial.budget or Decimal(0)
    return min(planned.get(candidate, most), most)


class Purse(Struct, frozen=True, kw_only=True):
    """A budget in USD, what of it is spent, and the most that runs under way may still spend."""

    budget: Decimal | None
    spent: Decimal = Decimal(0)
    reserved: Mapping[Key, Decimal] = {}

    @property
    def free(self) -> Decimal | None:
        """What nobody has spent or may spend; None without a budget."""
        if self.budget is None:
            return None
        return self.budget - self.spent - sum(self.reserved.values(), Decimal(0))

    def admits(self, amount: Decimal) -> bool:
        """Whether a run that is expected to cost this may start."""
        return self.free is None or (self.free >= amount and self.free > 0)

    def ration(self, most: Decimal | None, slots: int) -> Decimal | None:
        """The most that the next run may spend: `most`, or its share of what is free if less.

        Without a limit of its own it gets what is free, divided by the runs that may start now.
        """
        if self.free is None:
            return most
        return self.free / max(1, slots) if most is None else min(most, self.free)


def reserve(purse: Purse, key: Key, amount: Decimal | None) -> Purse:
    """A run starts that may spend this."""
    reserved = {**purse.reserved, key: amount or Decimal(0)}
    return Purse(budget=purse.budget, spent=purse.spent, reserved=reserved)


def settle(purse: Purse, key: Key, cost: Decimal) -> Purse:
    """A run has ended, and this is what it cost, lost tries included."""
    reserved = {other: amount for other, amount in purse.reserved.items() if other != key}
    return Purse(budget=purse.budget, spent=purse.spent + cost, reserved=reserved)
