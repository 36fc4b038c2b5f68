"""What a trial has shown, in sentences that can be defended."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import Decimal

from rolecall.measure.binomial import Interval
from rolecall.measure.contrasts import SMALL_SAVING, Arms, Contrast, Spread
from rolecall.measure.verdicts import Claim, Found, More, Verdict, Why
from rolecall.spoken.figures import dollars, seconds

Say = Callable[[float], str]

_OPEN: tuple[tuple[Claim, tuple[Claim, ...]], ...] = (
    ("better", ("less", "worse")),
    ("safe", ("worse",)),
    ("cheaper", ("no saving",)),
)
"""What a switch asks for, and what refutes each."""


def headline(one: Verdict, found: Found) -> str:
    """The verdict in one line."""
    name, reason = one.contrast.arm.candidate, why(one, found)
    match one.word:
        case "switch":
            return f"switch from {found.first} to {name}: {reason}"
        case "keep":
            return f"keep {found.first}: {reason}"
        case _:
            return f"not enough data on {name} beside {found.first}: {reason}"


def why(one: Verdict, found: Found) -> str:
    """What the word rests on."""
    name, margin = one.contrast.arm.candidate, _margin(found)
    says: dict[Why, str] = {
        "better": f"{name} solves more",
        "cheaper": f"{name} solves at most {margin} fewer, and costs less",
        "worse": f"{name} solves fewer, by more than {margin}",
        "no gain": f"{name} neither gains {margin} nor saves {SMALL_SAVING:.0%}",
        "unfair": f"{found.first} differs from itself, so something in this trial is not equal",
        "contradiction": "its evidence points both ways, so the tasks have changed on the way",
        "no task": "no task has judged runs of both",
        "open": "nothing is shown yet that a switch could rest on",
    }
    return says[one.why]


def figures(one: Contrast, found: Found) -> Iterator[str]:
    """What was measured, each with its interval."""
    told = one.figures
    if told is None:
        return
    yield (
        f"solved {told.solved.other.mean:.0%}, {found.first} {told.solved.first.mean:.0%} of "
        f"{one.tasks:,} tasks: {points(told.gain.mean)} ({found.level:.0%}: "
        f"{span(told.gain.interval)} at this look; however often one looks at least "
        f"{told.lasting.low * 100:+.0f} and at most {told.lasting.high * 100:+.0f})"
    )
    if told.money is not None:
        yield f"a solved task costs {_both(told.money.cost, found, usd)}"
    else:
        yield "its cost is unknown: a price is missing, which [models] in rolecall.toml can state"
    yield f"a run takes {_both(told.seconds, found, seconds)}"


def claims(one: Verdict, found: Found) -> list[str]:
    """What was shown."""
    says = _says(found)
    return [says[claim] for claim in one.claims if claim not in _implied(one)]


def gaps(one: Verdict, found: Found) -> list[str]:
    """What was not shown, and would have to be."""
    says = _says(found)
    return [
        says[claim]
        for claim, refuted_by in _OPEN
        if claim not in one.claims and not set(refuted_by) & set(one.claims)
    ]


def noise(found: Found) -> str:
    """What the same model against itself says of the figures."""
    control = found.control
    if control is None:
        return "no control: this trial does not tell how far a model is from itself"
    if control.figures is None:
        return "the control has no judged run yet"
    gain = control.figures.gain
    return (
        f"{found.first} against itself: {points(gain.mean)} ({span(gain.interval)}) "
        f"on {control.tasks:,} tasks"
    )


def beyond_noise(one: Contrast, found: Found) -> bool | None:
    """Whether a difference is larger than any the same model has with itself; None for unknown."""
    control = found.control
    if control is None or control.figures is None or one.figures is None:
        return None
    own = control.figures.gain.interval
    return abs(one.figures.gain.mean) > max(abs(own.low), abs(own.high))


def more(one: More | None, word: str) -> str:
    """What would settle it."""
    if word != "not enough data":
        return ""
    if one is None:
        return "no number of tasks like these would settle it; a wider margin might"
    price = "" if one.cost is None else f", for about {usd(rough(one.cost))}"
    tasks = f"{rough(one.tasks):,.0f} more tasks like these"
    return f"about {tasks} would settle it, as {one.word}{price}"


def evidence(one: Verdict) -> str:
    """How strong it is, and how strong it has to be."""
    return f"evidence for a switch {strength(one.evidence)}, needed {strength(one.needed)}"


def strength(evidence: float) -> str:
    return f"{evidence:.2g}" if evidence < 10 else f"{evidence:,.0f}" if evidence < 1e6 else "> 1e6"


def left_out(found: Found) -> Iterator[str]:
    """What does not count, and why."""
    if found.left_out:
        yield f"{found.left_out:,} runs could not be judged and count for nobody"
    if found.unpaired:
        yield f"{found.unpaired:,} tasks have no judged run of some candidate"
    if found.excluded:
        yield f"{len(found.excluded):,} tasks do not count: {_reasons(found)}"
    if found.runs < found.planned:
        yield f"{found.runs:,} of {found.planned:,} runs are there; looking early is allowed"


def usd(amount: float) -> str:
    """Three significant digits; a cost by solved tasks has no bound where none may be solved."""
    return dollars(Decimal(str(round(amount, 6)))) if math.isfinite(amount) else "no bound"


def rough(number: float) -> float:
    """Two significant digits: more would say more than is known."""
    return float(f"{number:.2g}")


def points(share: float) -> str:
    return f"{share * 100:+.0f} points"


def span(interval: Interval) -> str:
    return f"{interval.low * 100:+.0f} to {interval.high * 100:+.0f}"


def _says(found: Found) -> dict[Claim, str]:
    margin = _margin(found)
    return {
        "better": "it solves more",
        "safe": f"it solves at most {margin} fewer",
        "cheaper": "it costs less",
        "worse": f"it solves fewer, by more than {margin}",
        "less": "it solves fewer",
        "no gain": f"it gains less than {margin}",
        "no saving": f"it saves less than {SMALL_SAVING:.0%}",
    }


def _implied(one: Verdict) -> set[Claim]:
    """What a stronger claim says already."""
    found: set[Claim] = set()
    if "better" in one.claims:
        found.add("safe")
    if "worse" in one.claims:
        found |= {"less", "no gain"}
    elif "less" in one.claims:
        found.add("no gain")
    return found


def _margin(found: Found) -> str:
    return f"{found.margin * 100:g} points"


def _both(one: Arms, found: Found, say: Say) -> str:
    other, first = _with(one.other, say), _with(one.first, say)
    return f"{other}, {found.first} {first}"


def _with(one: Spread, say: Say) -> str:
    return f"{say(one.mean)} ({say(one.interval.low)} to {say(one.interval.high)})"


def _reasons(found: Found) -> str:
    counts: dict[str, int] = {}
    for why_ in found.excluded.values():
        counts[why_] = counts.get(why_, 0) + 1
    return "; ".join(f"{count} {why_}" for why_, count in counts.items())
