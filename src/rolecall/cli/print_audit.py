"""An audit on one screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.table import Table

from rolecall.audit.habits.finding import Finding
from rolecall.audit.report import Report, Sum
from rolecall.audit.worth import worth
from rolecall.cli.tables import table
from rolecall.spoken.figures import big, dollars, plain

_ROWS = 4
"""Names of a table that are shown; the rest stands in one line, unless it is one name."""
_WIDE = 100
"""Columns from which two tables fit side by side."""
_NOTES = 5
_NAME = 30


def print_audit(found: Report, to: Console) -> None:
    """Spending, habits, the changes worth most, and what the figures leave out."""
    to.print(plain_lines(_head(found)))
    if not found.total.calls:
        return
    to.print()
    to.print(_spending(found, to.width))
    to.print()
    to.print(_habits(found.findings))
    for line in (*_worth(found), *_applied(found), *_notes(found)):
        to.print(plain(line))


def plain_lines(lines: Iterator[str]) -> str:
    return "\n".join(map(plain, lines))


def _head(found: Report) -> Iterator[str]:
    total = found.total
    span = f"{found.since:%Y-%m-%d} to {found.until:%Y-%m-%d}"
    if found.since.year < 2000:
        span = f"until {found.until:%Y-%m-%d}"
    if not total.calls:
        yield f"Nothing was logged {span}. `rolecall audit PATH` looks elsewhere."
        return
    yield (
        f"{span}: {found.sessions:,} sessions, {found.turns:,} turns, {total.calls:,} calls, "
        f"{dollars(total.cost)} at API list prices"
    )
    read = total.cache_read_input_tokens / total.input_tokens if total.input_tokens else 0
    yield (
        f"{big(total.input_tokens)} input tokens, {read:.0%} of them read from a cache; "
        f"{big(total.output_tokens)} output tokens"
    )
    for one in found.covered:
        yield f"of this {dollars(one.cost)} came by {one.client} under the plan {one.plan!r}"


def _spending(found: Report, width: int) -> RenderableType:
    parts = [
        _sums("by role", found.by_role, found.total),
        _sums("by model", found.by_model, found.total),
        _sums("by client", found.by_client, found.total),
        _sums("by repository", [_short(one) for one in found.by_repository], found.total),
    ]
    if width < _WIDE:
        return Group(parts[0], *(part for one in parts[1:] for part in ("", one)))
    grid = Table.grid(padding=(0, 4, 0, 0))
    grid.add_row(parts[0], parts[1])
    grid.add_row("", "")
    grid.add_row(parts[2], parts[3])
    return grid


def _sums(title: str, sums: Sequence[Sum], total: Sum) -> Table:
    shown = len(sums) if len(sums) <= _ROWS + 1 else _ROWS
    rows = [_row(one, total) for one in sums[:shown]]
    rest = sums[shown:]
    if rest:
        cost = sum((one.cost for one in rest), Decimal(0))
        calls = sum(one.calls for one in rest)
        rows.append(_row(Sum(name=f"{len(rest)} more", calls=calls, cost=cost), total))
    return table((title,), ("calls", "cost", "share"), rows)


def _row(one: Sum, total: Sum) -> tuple[str, ...]:
    share = f"{one.cost / total.cost:.0%}" if total.cost else ""
    name = one.name if len(one.name) <= _NAME else f"…{one.name[1 - _NAME :]}"
    return name, f"{one.calls:,}", dollars(one.cost), share


def _short(one: Sum) -> Sum:
    """A path below the home folder as people write it."""
    home = str(Path.home())
    name = f"~{one.name[len(home) :]}" if one.name.startswith(f"{home}/") else one.name
    return Sum(name=name, calls=one.calls, cost=one.cost)


def _habits(found: Sequence[Finding]) -> RenderableType:
    if not found:
        return "None of the habits was seen (docs/audit.md says what is looked for)."
    rows = [
        (
            one.id,
            one.says,
            f"{one.count:,} of {one.of:,}",
            worth(one.money, one.money_is),
            f"{one.confidence:.2f}",
        )
        for one in found
    ]
    return table(("habit", "what was seen"), ("seen", "money", "sure"), rows)


def _worth(found: Report) -> Iterator[str]:
    if not found.worth:
        return
    yield ""
    yield "worth most"
    for number, one in enumerate(found.worth, 1):
        assert one.change is not None  # noqa: S101 (these are the ones with a change)
        does = one.change.command or f"rolecall audit apply {one.id}"
        yield f"{number}. {one.change.says} ({worth(one.money, one.money_is)}): {does}"
    yield f"rolecall audit show {found.worth[0].id} lists the sessions behind the first"
    yield "rolecall audit what-if tries a stack on this past"


def _applied(found: Report) -> Iterator[str]:
    """What edits have changed that were made after an earlier audit."""
    if found.applied:
        yield ""
        yield "edits that were made"
    for one in found.applied:
        yield (
            f"- {one.at:%Y-%m-%d} {one.id}: {one.says}; {dollars(one.before)} a day before, "
            f"{dollars(one.since)} a day in the {one.days:.1f} days since"
        )


def _notes(found: Report) -> Iterator[str]:
    if not found.notes:
        return
    yield ""
    yield "not in these figures, or not exact"
    yield from (f"- {note}" for note in found.notes[:_NOTES])
    if len(found.notes) > _NOTES:
        yield f"- {len(found.notes) - _NOTES} more: rolecall audit --json"


def print_finding(one: Finding, to: Console) -> None:
    """A habit with the sessions behind it."""
    lines = [
        one.title,
        one.says,
        f"{worth(one.money, one.money_is)}; sure at {one.confidence:.2f}: {one.sure}",
    ]
    if one.change is not None:
        does = one.change.command or f"rolecall audit apply {one.id}"
        lines.append(f"{one.change.says}: {does}")
    to.print(plain_lines(iter(lines)))
    to.print()
    rows = [
        (
            f"{seen.at.astimezone():%m-%d %H:%M}",
            seen.client,
            seen.model,
            dollars(seen.money),
            seen.says,
            f"{seen.session}\n{seen.place}",
        )
        for seen in one.seen
    ]
    words = ("time", "client", "model", "money", "what was seen", "session, and where it is logged")
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in words:
        shown.add_column(name, header_style="bold", overflow="fold")
    for row in rows:
        shown.add_row(*("\n".join(map(plain, cell.split("\n"))) for cell in row))
    to.print(shown)
    if one.sessions > len(one.seen):
        to.print(
            f"{one.sessions - len(one.seen)} more sessions: rolecall audit show {one.id} --json"
        )
