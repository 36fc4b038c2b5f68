"""What a trial has shown of each candidate beside the first: switch, keep, or not enough data.

A switch is wrong where the candidate solves no more and, by more than the margin, less, or is not
cheaper. That claim is refuted where both are: "it solves less by more than the margin"; and "it
solves no more, nor costs less", on which nine tenths of the allowed error are spent by looking at
what is solved and one tenth by looking at what it costs. All evidence is a capital of bets
(`betting`), so the chance of a wrong switch, ever, is at most 1 - level, over all candidates and
kinds together (`several`): half of it is spent on the whole, half on the kinds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from msgspec import Struct

from rolecall.measure.betting import tasks_more
from rolecall.measure.contrasts import SMALL_SHARE, Contrast, Shown, contrasts, shown
from rolecall.measure.pairs import Pair, Table, arms, pairs
from rolecall.measure.several import needed
from rolecall.types.trials import Arm, Run
from rolecall.types.words import Kind

Word = Literal["switch", "keep", "not enough data"]
Why = Literal["better", "cheaper", "worse", "no gain", "unfair", "contradiction", "open", "no task"]
"""What a word rests on: the candidate solves more; as many, for less; fewer by more than the
margin; neither gains nor saves what a switch is worth; the control differs from itself; evidence
points both ways; nothing is settled; nothing is there."""
Claim = Literal["better", "safe", "cheaper", "worse", "less", "no gain", "no saving"]
"""What is shown of a candidate beside the first: it solves more; no fewer by more than the margin;
costs less; solves fewer by more than the margin; solves fewer; gains less than the margin; saves
less than `SMALL_SAVING`."""
ON_BETTER, ON_CHEAPER = 0.9, 0.1


class More(Struct, frozen=True, kw_only=True):
    """Tasks that would settle it, if others are like those seen, and the USD they would cost."""

    word: Word
    tasks: int
    cost: float | None


class Verdict(Struct, frozen=True, kw_only=True):
    """`evidence` that a switch is right, and what is `needed` of it among all that is asked."""

    contrast: Contrast
    word: Word
    why: Why
    evidence: float
    needed: float
    claims: tuple[Claim, ...] = ()
    more: More | None = None


class Found(Struct, frozen=True, kw_only=True):
    """What a trial has shown. `verdicts` begin with those over all kinds.

    `left_out` counts runs that nobody could judge, `excluded` says why tasks do not count, and
    `unpaired` counts tasks that not all candidates have done.
    """

    trial: str
    first: str
    level: float
    margin: float
    tasks: int
    runs: int
    planned: int
    verdicts: tuple[Verdict, ...]
    control: Contrast | None
    unfair: bool
    left_out: int
    unpaired: int
    excluded: dict[str, str]


def verdicts(found: Table) -> Found:
    """The verdict on each candidate, over all kinds and for each of them."""
    others = [arm for arm in arms(found.trial) if arm.candidate != found.trial.candidates[0]]
    control = next((arm for arm in arms(found.trial) if arm.control), None)
    noise = None if control is None else contrasts(found, control, (None,))[0]
    unfair = noise is not None and _unfair(noise, found.trial.level)
    by_arm = [contrasts(found, arm, _scopes(found)) for arm in others]
    told = [one for of_kind in zip(*by_arm, strict=True) for one in of_kind]
    limits = _limits(told, 1 - found.trial.level)
    runs = [run for many in found.runs.values() for run in many]
    return Found(
        trial=found.trial.id,
        first=found.trial.candidates[0],
        level=found.trial.level,
        margin=found.trial.margin,
        tasks=len({run.task for run in runs} - found.excluded.keys()),
        runs=len(runs),
        planned=len(found.trial.tasks) * len(arms(found.trial)) * found.trial.repetitions,
        verdicts=tuple(_verdict(found, one, limits[_name(one)], unfair=unfair) for one in told),
        control=noise,
        unfair=unfair,
        left_out=sum(run.solved is None for run in runs),
        unpaired=_unpaired(found, runs),
        excluded={task: why for task, why in found.excluded.items() if task in found.trial.tasks},
    )


def settled(found: Table) -> bool:
    """Whether every candidate has its word over all kinds, so that more runs would be wasted.

    Asked after each run: most of the time the evidence alone says no.
    """
    others = [arm for arm in arms(found.trial) if arm.candidate != found.trial.candidates[0]]
    alone = 1 / (1 - found.trial.level)
    if not all(_may_be_settled(shown(found, arm), alone) for arm in others):
        return False
    whole = [one.word for one in verdicts(found).verdicts if one.contrast.kind is None]
    return "not enough data" not in whole


def _may_be_settled(told: Shown, alone: float) -> bool:
    idle = min(told.no_gain.most, told.no_saving.most)
    return max(evidence(told), told.worse.most, idle) >= alone


def _scopes(found: Table) -> list[Kind | None]:
    """All kinds together, then each; not each where there is one."""
    kinds = {run.kind for many in found.runs.values() for run in many}
    return [None, *(sorted(kinds) if len(kinds) > 1 else ())]


def _name(one: Contrast) -> tuple[str, str]:
    return one.arm.candidate, one.kind or ""


def evidence(one: Shown) -> float:
    """That a switch is right: e-values of the claims that would make it wrong, the weakest."""
    worth = max(ON_BETTER * one.better.most, ON_CHEAPER * one.cheaper.most)
    return min(one.safe.most, worth)


def _limits(told: Sequence[Contrast], error: float) -> dict[tuple[str, str], float]:
    """The evidence needed for each: half the error for the whole, half for the kinds together."""
    whole = sum(one.kind is None for one in told)
    apart = len(told) - whole
    weights = {
        _name(one): (1 / whole if one.kind is None else 1 / apart) / (2 if apart else 1)
        for one in told
    }
    return needed({_name(one): evidence(one.shown) for one in told}, weights, error)


def _unfair(noise: Contrast, level: float) -> bool:
    """Whether the same model is shown to differ from itself."""
    most = max(noise.shown.better.most, noise.shown.less.most)
    return most >= 2 / (1 - level)


def _verdict(found: Table, one: Contrast, limit: float, *, unfair: bool) -> Verdict:
    claims = _claims(one, limit, 1 / (1 - found.trial.level))
    word, why = _word(one, claims, unfair=unfair)
    return Verdict(
        contrast=one,
        word=word,
        why=why,
        evidence=evidence(one.shown),
        needed=round(limit, 3),
        claims=claims,
        more=_more(found, one, limit) if why == "open" else None,
    )


def _claims(one: Contrast, limit: float, alone: float) -> tuple[Claim, ...]:
    """`limit` is the evidence that a switch needs among all that is asked, `alone` by itself."""
    told = one.shown
    held: dict[Claim, bool] = {
        "better": ON_BETTER * told.better.most >= limit,
        "safe": told.safe.most >= limit,
        "cheaper": ON_CHEAPER * told.cheaper.most >= limit and _saves(one),
        "worse": told.worse.most >= alone,
        "less": told.less.most >= alone,
        "no gain": told.no_gain.most >= alone,
        "no saving": told.no_saving.most >= alone,
    }
    return tuple(claim for claim, is_held in held.items() if is_held)


def _word(one: Contrast, claims: Collection[Claim], *, unfair: bool) -> tuple[Word, Why]:
    switch = "safe" in claims and ("better" in claims or "cheaper" in claims)
    idle = "no gain" in claims and "no saving" in claims
    if not one.tasks:
        return "not enough data", "no task"
    if unfair:
        return "not enough data", "unfair"
    if switch and "worse" in claims:
        return "not enough data", "contradiction"
    if switch:
        return "switch", "better" if "better" in claims else "cheaper"
    if "worse" in claims or idle:
        return "keep", "worse" if "worse" in claims else "no gain"
    return "not enough data", "open"


def _saves(one: Contrast) -> bool:
    """Whether its sum of costs is lower, too: few dear runs may outweigh many cheap ones."""
    money = one.figures.money if one.figures is not None else None
    return money is not None and money.saving.interval.low > 0


def _more(found: Table, one: Contrast, limit: float) -> More | None:
    """The nearest settlement that what was seen points to."""
    every = pairs(found, one.arm)
    told = [pair for pair in every if one.kind is None or pair.kind == one.kind]
    gains = [pair.gain for pair in told]
    savings = [pair.saving for pair in told if pair.saving is not None]
    margin, alone = found.trial.margin, 1 / (1 - found.trial.level)
    losses, extra = _minus(gains), _minus(savings)
    ways: tuple[tuple[Word, tuple[int | None, ...]], ...] = (
        ("switch", (_still(gains, 0.0, limit / ON_BETTER), _still(gains, -margin, limit))),
        ("switch", (_still(savings, 0.0, limit / ON_CHEAPER), _still(gains, -margin, limit))),
        ("keep", (_still(losses, margin, alone),)),
        ("keep", (_still(losses, -margin, alone), _still(extra, -SMALL_SHARE, alone))),
    )
    known = [(most, word) for word, counts in ways if (most := _most(counts)) is not None]
    if not known:
        return None
    tasks, word = min(known)
    return More(word=word, tasks=tasks, cost=_price(found, told, tasks))


def _still(values: Sequence[float], mean: float, limit: float) -> int | None:
    """Tasks until the mean is shown to be above."""
    return tasks_more(values, mean, needed=limit)


def _most(counts: Sequence[int | None]) -> int | None:
    """All of them have to be there, and something is missing yet."""
    known = [count for count in counts if count is not None]
    return max(*known, 1) if len(known) == len(counts) else None


def _minus(values: Sequence[float]) -> list[float]:
    return [-value for value in values]


def _price(found: Table, told: Sequence[Pair], tasks: int) -> float | None:
    """USD for so many tasks more: of the first, of its control where there is one, of the other."""
    trial = found.trial
    costs = [
        (one.first.cost * (1 + trial.control) + one.other.cost)
        for one in told
        if one.first.cost is not None and one.other.cost is not None
    ]
    return sum(costs) / len(costs) * tasks * trial.repetitions if costs else None


def _unpaired(found: Table, runs: Sequence[Run]) -> int:
    """Tasks begun that some candidate has no judged run of."""
    wanted = [Arm(candidate=name) for name in found.trial.candidates]
    begun = {run.task for run in runs} - found.excluded.keys()
    judged = {(run.task, run.arm) for run in runs if run.solved is not None}
    return sum(any((task, arm) not in judged for arm in wanted) for task in begun)
