"""`rolecall models`: what is known of models, and what is about to end."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

import typer
from msgspec import Struct

from rolecall.catalogue.ages import ON_DISK
from rolecall.catalogue.models import Model, Source, sourced
from rolecall.cli.options import Config, Json
from rolecall.cli.print_models import print_model, print_models, print_notices
from rolecall.cli.setup import catalogue, settings_offline
from rolecall.config.load import nearest
from rolecall.config.notices import notices
from rolecall.config.rows import Row, row_of, rows_of
from rolecall.errors import ConfigError
from rolecall.gateway.views import encode

_SPAN = re.compile(r"(\d{1,5})\s*([dwmy]?)")
_DAYS = {"": 1, "d": 1, "w": 7, "m": 30, "y": 365}

models_app = typer.Typer(
    help="Show models: class, price, context, where they are served, and how old the facts are.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


class Detail(Struct, frozen=True, kw_only=True):
    """A model whole, with the sources of its facts by key."""

    model: Model
    row: Row
    sources: dict[str, Source]


@models_app.callback()
def models(
    context: typer.Context,
    retiring: Annotated[
        str | None, typer.Option(metavar="SPAN", help="What ends within a span such as 90d.")
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="Only what runs on one's own.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is served nowhere any more.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """List the models of the catalogue."""
    if context.invoked_subcommand is not None:
        return
    known, now = catalogue(), datetime.now(UTC)
    if retiring is not None:
        found = notices(known, now, days_of(retiring))
        typer.echo(encode(found)) if json else print_notices(found, retiring)
        return
    settings = settings_offline(config)
    rows = [row for row in rows_of(known, settings, now) if everything or not row.ended]
    if local:
        rows = [row for row in rows if any(place.on in ON_DISK for place in row.served)]
    typer.echo(encode(rows)) if json else print_models(rows, known)


@models_app.command()
def show(
    name: Annotated[str, typer.Argument(help="A model's id, or any other name it has.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Show all that is known of one model, with the source of each fact."""
    known = catalogue()
    model = known.models.get(name) or known.models.get(name.partition("/")[2])
    if model is None:
        raise ConfigError(f"the catalogue has no model {name!r}; {nearest(name, known.models)}")
    row = row_of(model, known, settings_offline(config), datetime.now(UTC))
    keys = dict.fromkeys(key for _, key in sourced(model))
    detail = Detail(model=model, row=row, sources={key: known.facts.sources[key] for key in keys})
    typer.echo(encode(detail)) if json else print_model(detail)


def days_of(span: str) -> int:
    """Days of `90`, `90d`, `12w`, `3m` or `1y`."""
    found = _SPAN.fullmatch(span.strip().lower())
    if found is None:
        raise ConfigError(f"{span!r} is no span of time; write it like 90d, 12w, 3m or 1y")
    return int(found[1]) * _DAYS[found[2]]
