"""The past through another stack, on one screen."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from rolecall.audit.replay import Fared, Shift, WhatIf
from rolecall.cli.tables import table
from rolecall.spoken.figures import dollars, plain
from rolecall.types import Rules

_ROWS = 15


def print_what_if(found: WhatIf, rules: Rules, to: Console) -> None:
    """Cost, who would have played, what stays at home; and what cannot be known."""
    for line in _head(found):
        to.print(plain(line))
    if found.shifts:
        to.print()
        words = ("kind", "played", "would play")
        numbers = ("turns", "cost", "would cost", "accepted", "would be")
        to.print(table(words, numbers, map(_row, found.shifts[:_ROWS])))
        if len(found.shifts) > _ROWS:
            to.print(f"{len(found.shifts) - _ROWS} more: --json")
    for line in _limits(rules):
        to.print(plain(line))


def _head(found: WhatIf) -> Iterator[str]:
    yield "with " + ", ".join(f"{role} {name}" for role, name in found.stack.items())
    yield (
        f"{dollars(found.before)} would have been {dollars(found.now)}, over {found.calls:,} calls "
        f"of {found.turns:,} turns"
    )
    moved = sum(one.turns for one in found.shifts)
    yield (
        f"{found.same:,} pieces of work stay with their model, {moved:,} change it, "
        f"{found.local:,} would run on this machine, {found.refused:,} nobody might play"
    )
    if found.private:
        yield f"{found.private:,} fall under a rule of privacy by their folder"
    if found.unpriced:
        yield f"{found.unpriced:,} calls have no known price on one side, and count on neither"


def _row(one: Shift) -> tuple[str, ...]:
    return (
        one.topic,
        one.was,
        one.would,
        f"{one.turns:,}",
        dollars(one.before),
        dollars(one.now),
        _fared(one.was_fared),
        _fared(one.would_fare),
    )


def _fared(known: Fared) -> str:
    if known.share is None:
        return "unknown"
    return f"{known.accepted} of {known.of} ({known.share.low:.0%} to {known.share.high:.0%})"


def _limits(rules: Rules) -> Iterator[str]:
    yield ""
    yield "Tokens are taken to be the same with any model; accepted is what outcomes verify."
    blind = [
        one.name for one in rules.rules if one.secrets or one.terms or one.patterns or one.paths
    ]
    if blind:
        yield f"Logs are not searched for what rules look for in contents: {', '.join(blind)}"
