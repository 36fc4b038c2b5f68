"""A plan of a trial on one screen."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rolecall.spoken.figures import dollars, seconds
from rolecall.spoken.verdicts import rough, usd
from rolecall.trials.telling.plan import Enough, Guess, Plan

_HOUR = 3600


def plan_lines(found: Plan) -> Iterator[str]:
    """What there is, what it costs, what it would show, and what would be enough."""
    yield from _tasks(found)
    if not found.tasks:
        return
    yield ""
    width = max(map(len, found.guesses))
    for name, guess in found.guesses.items():
        yield f"{name:<{width}}  {_guess(guess)}"
    cost = "an unknown price" if found.cost is None else f"about {usd(rough(found.cost))}"
    yield f"together {cost} and {_long(found.seconds)}, one run after the other"
    yield from _budget(found)
    yield ""
    yield from _shown(found)
    yield ""
    yield "what would be enough"
    for one in found.enough:
        yield f"  {_enough(one)}"
    yield ""
    yield f"By simulation of the verdict itself; {found.assumed_by}."


def _tasks(found: Plan) -> Iterator[str]:
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds.items())
    if not found.tasks:
        yield "There is no task for this. `rolecall trial mine` looks for some."
    else:
        yield f"{found.tasks:,} tasks ({kinds})"
    if found.weak:
        yield f"{found.weak:,} more have judges that prove little, and would not count"
    arms = [*found.asked.models, *(["a control"] if found.asked.control else [])]
    times = "once each" if found.asked.repetitions == 1 else f"{found.asked.repetitions} times each"
    if found.runs:
        yield f"{found.runs:,} runs: {', '.join(arms)} on {found.counted:,} tasks, {times}"


def _guess(one: Guess) -> str:
    cost = "a price nobody knows" if one.cost is None else usd(one.cost)
    return f"{cost} and {seconds(one.seconds)} a run, {one.says}"


def _budget(found: Plan) -> Iterator[str]:
    budget = found.asked.budget
    if budget is None:
        return
    if found.cost is None:
        yield f"the budget of {dollars(budget)} is kept while runs are made; no price is known"
    elif found.counted < found.tasks:
        yield f"the budget of {dollars(budget)} is enough for {found.counted:,} of the tasks"
    else:
        yield f"that is within the budget of {dollars(budget)}"


def _shown(found: Plan) -> Iterator[str]:
    if not found.counted:
        yield "The budget is not enough for one task."
        return
    few = "no gain" if found.gain is None else f"a gain of {_points(found.gain)}"
    yield f"{found.counted:,} tasks would show {few} in four of five trials;"
    margin = "no margin" if found.margin is None else f"a loss of {_points(found.margin)} at most"
    asked = _points(found.asked.margin)
    yield f"of an equal candidate they would show {margin} (--margin asks for {asked})"


def _enough(one: Enough) -> str:
    what = (
        f"a gain of {_points(one.points)}"
        if one.what == "gain"
        else f"an equal candidate, at a margin of {_points(one.points)}"
    )
    if one.tasks is None:
        return f"{what}: more tasks than anyone has"
    price = "" if one.cost is None else f", about {usd(rough(one.cost))}"
    return f"{what}: {one.tasks:,} tasks{price}"


def _points(share: float) -> str:
    return f"{math.ceil(round(share * 100, 6))} points"


def _long(duration: float) -> str:
    return f"{duration / _HOUR:.1f} h" if duration >= _HOUR else seconds(duration)
