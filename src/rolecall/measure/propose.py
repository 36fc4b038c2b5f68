"""Which stack one's own outcomes speak for: cost and quality of models and cascades, by topic.

A cascade asks the first, and the second where a failure is noticed. What a second solves of what a
first has failed at is not known from outcomes on different tasks; public tables show that it is
`again` times what it solves otherwise (`types.Evidence`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import permutations
from typing import Literal

import msgspec
from msgspec import Struct

from rolecall.measure.binomial import Interval, wilson
from rolecall.measure.paired import tasks_needed
from rolecall.measure.premium import best
from rolecall.routing.estimates import priors
from rolecall.types import WEAK, Evidence, Outcome, Snapshot

Verdict = Literal["keep", "switch", "not enough data"]
_LEAST = 5
"""Outcomes below which nothing is said of a deployment."""
_CLEAR, _CLOSE = 0.02, 0.05
"""A gain above the first is asked to be one; a smaller one, not to be a loss of the second."""


class Tried(Struct, frozen=True, kw_only=True):
    """What a deployment, or a cascade, came to on a topic. `cost` is USD for a piece of work."""

    names: tuple[str, ...]
    outcomes: int
    accepted: float
    interval: Interval
    cost: float | None


class Wish(Struct, frozen=True, kw_only=True):
    """USD that a piece of work may cost, or the share that has to be accepted."""

    budget: float | None = None
    floor: float | None = None


class Advice(Struct, frozen=True, kw_only=True):
    """What is on the frontier of a topic, and what follows for who plays it now.

    `needed` is how many more outcomes of each would settle it, where that can be said.
    """

    topic: str
    now: str
    verdict: Verdict
    choice: tuple[str, ...]
    says: str
    needed: int | None
    tried: tuple[Tried, ...]
    untried: dict[str, float] = {}
    """Others of the stack without enough outcomes, and their chance by public evidence alone."""


def advice(
    outcomes: Iterable[Outcome], playing: dict[str, str], wish: Wish, snapshot: Snapshot
) -> list[Advice]:
    """For each topic with verified outcomes. `playing` says who plays it now, by topic."""
    evidence = snapshot.evidence
    by_topic: dict[str, dict[str, list[Outcome]]] = defaultdict(lambda: defaultdict(list))
    for one in best(outcomes).values():
        if one.how not in WEAK:
            by_topic[one.topic][one.deployment].append(one)
    return [
        msgspec.structs.replace(
            _advice(topic, playing.get(topic, ""), found, wish, evidence),
            untried=_untried(topic, found, snapshot),
        )
        for topic, found in sorted(by_topic.items())
    ]


def playing(snapshot: Snapshot) -> dict[str, str]:
    """Who plays each topic first, by the stack."""
    first = {role: cascade[0] for role, cascade in snapshot.stack.items() if cascade}
    kinds = {str(kind): first[role] for kind, role in snapshot.kind_roles.items() if role in first}
    return kinds | {f"any {role}": name for role, name in first.items()}


def _untried(topic: str, found: dict[str, list[Outcome]], snapshot: Snapshot) -> dict[str, float]:
    known = priors(topic, snapshot.evidence)
    return {
        name: known[one.model_class or "open-weight"]
        for name, one in snapshot.deployments.items()
        if len(found.get(name, ())) < _LEAST
    }


def _advice(
    topic: str, now: str, found: dict[str, list[Outcome]], wish: Wish, evidence: Evidence
) -> Advice:
    alone = [_tried(name, told) for name, told in found.items() if len(told) >= _LEAST]
    pairs = [_cascade(a, b, evidence) for a, b in permutations(alone, 2)]
    every = tuple(frontier([*alone, *pairs]))
    current = next((one for one in alone if one.names == (now,)), None)
    choice = _wished(every, wish)
    known = len(found.get(now, []))
    unsettled = Advice(
        topic=topic,
        now=now,
        verdict="not enough data",
        choice=(),
        says=f"verified outcomes of {now or 'nobody'}: {known}; models to compare: {len(alone)}",
        needed=max(_LEAST - known, 0) or None,
        tried=every,
    )
    if current is None or choice is None or len(alone) < 2:
        return unsettled
    settled = msgspec.structs.replace(unsettled, choice=choice.names, needed=None)
    if choice.names == current.names:
        return msgspec.structs.replace(settled, verdict="keep", says="nothing does better")
    return _compared(settled, current, choice, wish)


def _tried(name: str, told: Sequence[Outcome]) -> Tried:
    accepted = sum(one.accepted for one in told)
    costs = [float(one.cost) for one in told if one.cost is not None]
    return Tried(
        names=(name,),
        outcomes=len(told),
        accepted=accepted / len(told),
        interval=wilson(accepted, len(told)),
        cost=math.fsum(costs) / len(costs) if costs else None,
    )


def _cascade(first: Tried, second: Tried, evidence: Evidence) -> Tried:
    """Where the first fails and that is noticed the second tries. Its interval spans both."""
    noticed, again = evidence.noticed_tested, evidence.again

    def solved(one: float, other: float) -> float:
        return one + (1 - one) * noticed * other * again

    asked = (1 - first.accepted) * noticed
    known = first.cost is not None and second.cost is not None
    return Tried(
        names=(*first.names, *second.names),
        outcomes=min(first.outcomes, second.outcomes),
        accepted=solved(first.accepted, second.accepted),
        interval=Interval(
            solved(first.interval.low, second.interval.low),
            solved(first.interval.high, second.interval.high),
        ),
        cost=(first.cost or 0.0) + asked * (second.cost or 0.0) if known else None,
    )


def frontier(tried: Sequence[Tried]) -> list[Tried]:
    """Those that no other beats in both, the cheapest first; what has no known cost is left out."""
    priced = [one for one in tried if one.cost is not None]
    ordered = sorted(priced, key=lambda one: (one.cost or 0.0, -one.accepted, len(one.names)))
    kept: list[Tried] = []
    for one in ordered:
        if not kept or one.accepted > kept[-1].accepted:
            kept.append(one)
    return kept


def _wished(every: Sequence[Tried], wish: Wish) -> Tried | None:
    """The cheapest above the floor; else the best within the budget; else the best of all."""
    if wish.floor is not None:
        return next((one for one in every if one.accepted >= wish.floor), None)
    within = [one for one in every if wish.budget is None or (one.cost or 0.0) <= wish.budget]
    return within[-1] if within else None


def _compared(settled: Advice, now: Tried, choice: Tried, wish: Wish) -> Advice:
    """A switch only where the intervals do not leave it open."""
    gain = choice.accepted - now.accepted
    saves = (now.cost or 0.0) - (choice.cost or 0.0)
    floor = now.interval.low if wish.floor is None else wish.floor
    better = choice.interval.low > now.interval.high
    cheaper = saves > 0 and choice.interval.low >= floor
    says = f"{gain * 100:+.0f} points accepted and ${saves:+.3f} saved a piece of work"
    if better or cheaper:
        return msgspec.structs.replace(settled, verdict="switch", says=says)
    needed = _needed(now, choice, margin=0.0 if gain > _CLEAR else _CLOSE)
    return msgspec.structs.replace(settled, says=says, needed=needed)


def _needed(now: Tried, choice: Tried, *, margin: float) -> int | None:
    """Outcomes of each until such a difference is shown, as if they were on the same tasks."""
    gain = choice.accepted - now.accepted
    apart = now.accepted * (1 - choice.accepted) + choice.accepted * (1 - now.accepted)
    try:
        total = tasks_needed(max(apart, abs(gain)), gain, margin=margin)
    except ValueError:
        return None
    return max(total - min(now.outcomes, choice.outcomes), 1)
