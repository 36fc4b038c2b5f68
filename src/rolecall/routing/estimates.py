"""How likely a deployment's result is accepted, and what that is worth (DESIGN, 7.3). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rolecall.types import Decision, Evidence, ModelClass, Snapshot, Standing, place

NOBODY = Standing()


def standing(topic: str, name: str, snapshot: Snapshot) -> Standing:
    """What one's own outcomes say of a deployment on a topic."""
    return snapshot.standings.get(place(topic, name), NOBODY)


def standings_of(topic: str, names: Iterable[str], snapshot: Snapshot) -> list[Standing]:
    """The same for many deployments."""
    found, start = snapshot.standings.get, place(topic, "")
    return [found(start + name, NOBODY) for name in names]


def priors(topic: str, known: Evidence) -> dict[ModelClass, float]:
    """Chances by class before any outcome of one's own."""
    return dict(known.solves_tests if topic == "tests" else known.solves)


def chance(prior: float, found: Standing, weight: float) -> float:
    """The mean of Beta(n0 pi + S, n0 (1 - pi) + F)."""
    return (weight * prior + found.accepted) / (weight + found.accepted + found.failed)


def expected(
    costs: Sequence[float],
    chances: Sequence[float],
    *,
    again: float,
    noticed: float,
    silent: float,
) -> list[float]:
    """J of each: its cost, and where it fails that of the best other, or of a silent failure.

    A second model is less likely to solve what a first has failed at than it is otherwise: its
    chance is multiplied by `again`. One that stands alone has no second.
    """
    after = [cost + (1 - p * again) * silent for cost, p in zip(costs, chances, strict=True)]
    best, second = [*sorted(after)[:2], silent, silent][:2]
    unseen = (1 - noticed) * silent
    found = []
    for cost, p, own in zip(costs, chances, after, strict=True):
        rescue = min(second if own == best else best, silent)
        found.append(cost + (1 - p) * (noticed * rescue + unseen))
    return found


def looked_at(decision: Decision, snapshot: Snapshot) -> dict[str, Standing]:
    """The standings that a decision may have looked at: what replays it is kept with it."""
    if not snapshot.standings:
        return {}
    reason = decision.reason
    rules = [reason.rule, *([reason.runner_up.rule] if reason.runner_up else [])]
    roles = {decision.role, *([reason.runner_up.role] if reason.runner_up else [])}
    topics = {rule.partition(".")[2] for rule in rules} | {f"any {role}" for role in roles}
    topics |= {decision.kind or "", "any local"}
    starts = tuple(place(topic, "") for topic in topics if topic)
    return {name: found for name, found in snapshot.standings.items() if name.startswith(starts)}
