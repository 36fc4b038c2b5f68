"""A trial's verdict on one screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console

from rolecall.cli.tables import table
from rolecall.measure.verdicts import Found, Verdict
from rolecall.spoken import verdicts as said
from rolecall.spoken.figures import dollars, plain
from rolecall.trials.telling.report import Report


def print_trial(found: Report, to: Console) -> None:
    """The verdict on each candidate, by kind where there are several, and what does not count."""
    to.print(plain(_head(found)))
    for one in found.found.verdicts:
        if one.contrast.kind is None:
            to.print()
            for line in _verdict(one, found.found):
                to.print(plain(line))
    kinds = [one for one in found.found.verdicts if one.contrast.kind is not None]
    if kinds:
        to.print()
        columns = ("tasks", "points", "look", "always", "a solved task", "evidence")
        rows = (_row(one) for one in kinds)
        to.print(table(("kind", "candidate", "verdict"), columns, rows))
    to.print()
    for line in (said.noise(found.found), *said.left_out(found.found), *found.notes):
        to.print(plain(line))
    if any(one.word == "switch" for one in found.found.verdicts):
        to.print("`rolecall trial apply` makes the change: shown first, undoable.")


def _head(found: Report) -> str:
    trial = found.trial
    money = f"{dollars(found.spent)} spent"
    if found.unpriced:
        money += f", {found.unpriced:,} runs without a price"
    return (
        f"trial {trial.id}: {found.found.tasks:,} tasks, {found.found.runs:,} of "
        f"{found.found.planned:,} runs, agent {trial.agent}, {money}"
    )


def _verdict(one: Verdict, found: Found) -> Iterator[str]:
    yield said.headline(one, found)
    yield from (f"  {line}" for line in said.figures(one.contrast, found))
    yield from _list("shown", said.claims(one, found))
    yield from _list("not shown", said.gaps(one, found))
    yield f"  {said.evidence(one)}"
    if one.word == "not enough data" and one.why == "open":
        yield f"  {said.more(one.more, one.word)}"
    if said.beyond_noise(one.contrast, found) is False:
        yield "  the difference is within what the same model shows against itself"


def _list(word: str, told: Sequence[str]) -> Iterator[str]:
    if told:
        yield f"  {word}: {'; '.join(told)}"


def _row(one: Verdict) -> tuple[str, ...]:
    contrast = one.contrast
    words = (contrast.kind or "", contrast.arm.candidate, one.word)
    told = contrast.figures
    if told is None:
        return (*words, "0", *[""] * 4, said.strength(one.evidence))
    cost = "unknown" if told.money is None else said.usd(told.money.cost.other.mean)
    gain = (f"{told.gain.mean * 100:+.0f}", said.span(told.gain.interval))
    strength = f"{said.strength(one.evidence)} of {said.strength(one.needed)}"
    return (*words, str(contrast.tasks), *gain, said.span(told.lasting), cost, strength)
