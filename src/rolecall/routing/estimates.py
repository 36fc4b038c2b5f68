"""How likely a deployment's result is accepted, and what that is worth (DESIGN, 7.3). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from rolecall.types import Decision, Deployment, Evidence, Snapshot, Standing, place

NOBODY = Standing()


def standing(topic: str, name: str, snapshot: Snapshot) -> Standing:
    """What one's own outcomes say of a deployment on a topic."""
    return snapshot.standings.get(place(topic, name), NOBODY)


def chance(deployment: Deployment, topic: str, found: Standing, known: Evidence) -> float:
    """The mean of Beta(n0 pi + S, n0 (1 - pi) + F); a model without a class counts as open."""
    priors = dict(known.solves_tests if topic == "tests" else known.solves)
    prior = priors[deployment.model_class or "open-weight"]
    trials = known.weight + found.accepted + found.failed
    return (known.weight * prior + found.accepted) / trials


class Option(Struct, frozen=True):
    """A choice: USD until it has done its part, waiting included, and the chance of success."""

    cost: float
    chance: float


def expected(
    options: Sequence[Option], *, again: float, noticed: float, silent: float
) -> list[float]:
    """J of each: its cost, and where it fails that of the best other, or of a silent failure.

    A second model is less likely to solve what a first has failed at than it is otherwise: its
    chance is multiplied by `again`. An option that stands alone has no second.
    """
    after = [one.cost + (1 - one.chance * again) * silent for one in options]
    best = min(after, default=silent)
    second = min((cost for n, cost in enumerate(after) if n != after.index(best)), default=silent)
    found = []
    for number, one in enumerate(options):
        rescue = min(second if after[number] == best else best, silent)
        failed = noticed * rescue + (1 - noticed) * silent
        found.append(one.cost + (1 - one.chance) * failed)
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
    return {
        name: found
        for name, found in snapshot.standings.items()
        if name.rpartition(" ")[0] in topics
    }
