"""What was recognised: a sentence for one prompt, a table for many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from rolecall.cli.console import console
from rolecall.spoken.figures import chance, plain
from rolecall.types import Opinion

if TYPE_CHECKING:
    from rolecall.cli.classify import Classified

_SHOWN = 48
"""Characters of a prompt that a table shows."""


def print_classified(found: Sequence[Classified]) -> None:
    if len(found) == 1 and found[0].wrong is None:
        typer.echo("\n".join(_lines(found[0])))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("place", "kind", "role", "confidence", "signal", "runner-up", "prompt"):
        table.add_column(name, header_style="bold", no_wrap=True)
    for one in found:
        table.add_row(*map(plain, _cells(one)))
    console().print(table)
    roles = Counter(one.role for one in found if one.role is not None)
    told = ", ".join(f"{count} {role}" for role, count in roles.most_common())
    sure = sum(one.sure for one in found)
    typer.echo(f"\n{len(found)} read: {told or 'nothing'}; {sure} decided, the rest by default")


def _lines(one: Classified) -> list[str]:
    kinds = ", ".join(f"{kind} {chance(p)}" for kind, p in list(one.kinds.items())[:3])
    return [
        f"kind        {one.kind or 'not told'}",
        f"role        {one.role}",
        f"confidence  {chance(one.confidence)}",
        f"signal      {one.signal}: {one.says}",
        f"runner-up   {_rival(one.runner_up)}",
        f"words       {kinds or 'nobody typed any'}",
    ]


def _cells(one: Classified) -> tuple[str, ...]:
    place = one.id or (f"line {one.line}" if one.line else one.source)
    if one.wrong is not None:
        return (place, "", "", "", "wrong", "", one.wrong)
    text = one.beginning
    return (
        place,
        one.kind or "not told",
        one.role or "",
        chance(one.confidence),
        one.signal or "",
        _rival(one.runner_up),
        text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…",
    )


def _rival(rival: Opinion | None) -> str:
    if rival is None:
        return "none"
    told = "" if rival.confidence is None else f" {chance(rival.confidence)}"
    return f"{rival.role}{told} ({rival.rule})"
