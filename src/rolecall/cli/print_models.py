"""Models, one model, and what is about to end, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import typer
from rich.table import Table

from rolecall.catalogue.compare import usd
from rolecall.cli.console import console
from rolecall.config.known import Known
from rolecall.config.notices import Notice
from rolecall.config.rows import Row, Served
from rolecall.spoken.figures import plain
from rolecall.types import Thinking

if TYPE_CHECKING:
    from rolecall.catalogue.models import Evidence, Source
    from rolecall.cli.models import Detail


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        numbers = column in {"input", "output", "context", "facts", "in"}
        side: Literal["left", "right"] = "right" if numbers else "left"
        table.add_column(column, header_style="bold", overflow="fold", justify=side)
    return table


def print_models(rows: Sequence[Row], known: Known) -> None:
    """One line for each model."""
    table = _table(
        *("model", "class", "plays", "input", "output", "context", "served by", "status", "facts")
    )
    for row in rows:
        table.add_row(*map(plain, _cells(row)))
    console().print(table)
    aged = sum(any(place.stale for place in row.served) for row in rows)
    typer.echo(
        f"\n{len(rows)} models. Prices in USD for a million tokens, {known.prices.source}; "
        "facts: days since a source last spoke."
    )
    if aged:
        says = "rely on facts that are stale (*); `rolecall catalogue refresh` asks anew"
        typer.echo(f"{aged} {says}.")


def _cells(row: Row) -> tuple[str, ...]:
    memory = f" ({row.memory_gb:g} GB)" if row.memory_gb else ""
    mark = "*" if any(place.stale for place in row.served) else ""
    return (
        row.id,
        f"{row.model_class}{memory}",
        ", ".join(row.roles),
        _money(row.input),
        _money(row.output),
        "" if row.context is None else f"{row.context:,}",
        ", ".join(dict.fromkeys(place.on for place in row.served)),
        _status(row),
        f"{row.age_days} d{mark}",
    )


def _status(row: Row) -> str:
    """The same everywhere, or what differs from the first surface."""
    first = row.served[0]
    told = [_stage(first)]
    told += [f"{_stage(s)} on {s.on}" for s in row.served[1:] if s.stage != first.stage]
    return "; ".join(told)


def _stage(place: Served) -> str:
    if place.retires is None:
        return place.stage
    return f"{place.stage} {'until' if place.stage == 'deprecated' else 'since'} {place.retires}"


def _money(price: Decimal | None) -> str:
    return "" if price is None else usd(price)


def print_notices(found: Sequence[Notice], span: str) -> None:
    """What ends, the nearest first."""
    if not found:
        typer.echo(f"Nothing in the catalogue retires within {span}.")
        return
    table = _table("day", "in", "name", "surface", "successor", "what differs")
    for one in found:
        differs = "; ".join(one.differs)
        if one.then == "billed-as-successor":
            differs = f"goes on answering as its successor, at that price; {differs}"
        name = one.successor or "none named"
        table.add_row(one.day, f"{one.days} d", one.id, one.surface, name, differs)
    console().print(table)


def print_model(detail: Detail) -> None:
    """All facts, each with its source."""
    typer.echo("\n".join(plain(line) for line in _lines(detail)))


def _lines(detail: Detail) -> Iterator[str]:
    model, row = detail.model, detail.row
    yield f"{model.id}  {model.vendor}, {model.model_class}{_by(detail, (model.by,))}"
    if model.aliases:
        yield f"also named  {', '.join(model.aliases)}"
    if row.input is not None and row.output is not None:
        yield f"price       {_money(row.input)} in, {_money(row.output)} out, a million tokens"
    else:
        yield "price       not known"
    yield from _limits(detail)
    yield from _can(detail)
    yield ""
    for place in row.served:
        yield from _place(detail, place)
    if model.evidence:
        yield ""
        yield from (_evidence(detail, one) for one in model.evidence)
    if model.conflicts:
        yield ""
        for one in model.conflicts:
            yield f"conflict    {one.about}: {one.says}{_by(detail, (one.by,))}"


def _limits(detail: Detail) -> Iterator[str]:
    limits, weights = detail.model.limits, detail.model.weights
    if limits is not None:
        pairs = (("context", limits.context), ("longest answer", limits.output))
        told = ", ".join(f"{name} {count:,}" for name, count in pairs if count)
        yield f"limits      {told} tokens{_by(detail, (limits.by,))}"
    if weights is not None:
        memory = f", about {weights.memory_gb:g} GB at four bits" if weights.memory_gb else ""
        licence = weights.licence or "licence not stated"
        yield f"weights     open, {licence}{memory}{_by(detail, (weights.by,))}"


def _can(detail: Detail) -> Iterator[str]:
    can = detail.model.can
    if can is None:
        return
    told = [name for name in ("tools", "vision", "fim") if getattr(can, name)]
    if can.efforts:
        told.append(f"reasoning effort {' '.join(can.efforts)}")
    thinks, sources = detail.model.thinks, [can.by]
    if thinks is not None:
        told.append(_THINKS[thinks.how])
        sources.append(thinks.by)
    by = _by(detail, tuple(dict.fromkeys(sources)))
    yield f"can         {', '.join(told) or 'nothing that a source states'}{by}"


_THINKS: dict[Thinking, str] = {
    "adaptive": "decides itself how long to think",
    "budget": "thinks within a number of tokens",
}


def _place(detail: Detail, place: Served) -> Iterator[str]:
    follows = f" → {place.successor}" if place.successor else ""
    window = f", context {place.context:,}" if place.context else ""
    mark = " stale" if place.stale else ""
    told = f"{place.id}  {_stage(place)}{follows}{window}"
    yield f"{place.on:<14} {told}{_by(detail, place.sources)}, {place.age_days} d{mark}"
    if place.note:
        yield f"{'':<14} {place.note}"


def _evidence(detail: Detail, one: Evidence) -> str:
    harness = f" ({one.harness})" if one.harness else ""
    cost = f", ${one.cost_per_task} a task" if one.cost_per_task else ""
    by = _by(detail, (one.by,))
    return f"evidence    {one.benchmark}{harness} {one.score:g}{cost}, {one.measured}{by}"


def _by(detail: Detail, keys: Sequence[str]) -> str:
    found: list[Source] = [detail.sources[key] for key in keys]
    return f"  [{'; '.join(f'{source.title}, {source.dated}' for source in found)}]"
