"""`rolecall catalogue`: bring the facts up to date, see what that changed, and take it back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import typer

from rolecall.catalogue.models import load_facts
from rolecall.catalogue.overlay import Overlay, differences, laid_over
from rolecall.cli.options import Config, Json
from rolecall.cli.refresh import PRICES, Refreshed, Told, questions, refreshed, secrets
from rolecall.cli.setup import settings_offline
from rolecall.config.known import shipped
from rolecall.config.load import data_folder, environment
from rolecall.config.overlays import files, read, write
from rolecall.config.settings import TimeoutSettings
from rolecall.egress.door import Door
from rolecall.egress.lists import Answer, Question, ask
from rolecall.errors import ConfigError
from rolecall.gateway.views import encode

catalogue_app = typer.Typer(
    help="Bring the catalogue up to date when asked, show what changed, take it back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@catalogue_app.command()
def refresh(config: Config = None, json: Json = False) -> None:
    """Ask providers' own lists, models.dev and genai-prices; keep what differs in a dated file."""
    settings, known = settings_offline(config), shipped()
    keys = secrets(settings, known, environment())
    answers = asyncio.run(_ask(questions(settings, known, keys), keys))
    earlier = _newest()
    found = refreshed(answers, known, earlier, datetime.now(UTC))
    if not found.anything:
        typer.echo("\n".join(_told(found.told)))
        typer.echo("\nNothing answered; nothing was changed.")
        raise typer.Exit(1)
    before = known.facts if earlier is None else laid_over(known.facts, earlier)
    lines = list(differences(before, laid_over(known.facts, found.overlay)))
    path = write(data_folder(), found.overlay)
    if json:
        typer.echo(encode({"file": str(path), "asked": found.told, "changes": lines}))
        return
    typer.echo("\n".join([*_told(found.told), "", *_changes(lines, found), "", f"Kept in {path}"]))
    typer.echo("`rolecall catalogue undo` takes it back.")


@catalogue_app.command()
def diff() -> None:
    """Show what the refresh in force changes of what ships with rolecall."""
    overlay = _newest()
    if overlay is None:
        typer.echo("No refresh is in force: the catalogue is as it ships.")
        return
    lines = list(differences(load_facts(), laid_over(load_facts(), overlay)))
    lines += [f"{len(found)} prices at {name}" for name, found in overlay.tariffs.items()]
    typer.echo("\n".join(lines or ["It confirms facts and changes none."]))


@catalogue_app.command()
def undo() -> None:
    """Take the newest refresh back; the one before it is in force again."""
    found = files(data_folder())
    if not found:
        raise ConfigError("there is no refresh to take back: the catalogue is as it ships")
    found[-1].unlink()
    before = str(found[-2]) if len(found) > 1 else "the catalogue as it ships"
    typer.echo(f"Removed {found[-1]}; in force: {before}")


async def _ask(asked: Sequence[Question], keys: Mapping[str, str]) -> list[Answer]:
    async with Door(keys, TimeoutSettings()) as door:
        return await ask(door, asked)


def _newest() -> Overlay | None:
    """The newest refresh that can be read."""
    for path in reversed(files(data_folder())):
        try:
            return read(path)
        except ConfigError as error:
            typer.echo(f"rolecall: {error}", err=True)
    return None


def _told(told: Sequence[Told]) -> list[str]:
    lines = []
    for one in told:
        says = one.wrong or f"{one.listed:,} listed, {one.known:,} of them known here"
        if one.about == PRICES and one.wrong is None:
            says = f"{one.listed:,} tariffs"
        odd = f", {one.odd:,} made no sense" if one.odd else ""
        lines.append(f"{one.about:<14}{says}{odd}")
    if not any(one.about == PRICES for one in told):
        lines.append(f"{PRICES:<14}not asked: install rolecall[prices] for fresh prices")
    return lines


def _changes(lines: Sequence[str], found: Refreshed) -> list[str]:
    prices = sum(map(len, found.overlay.tariffs.values()))
    more = [f"{prices} prices differ from those that ship"] if prices else []
    return [*lines, *more] or ["Facts are confirmed; nothing differs."]
