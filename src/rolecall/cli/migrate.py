"""`rolecall migrate`: put successors in the place of models that retire."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from rolecall.cli.options import Config
from rolecall.cli.setup import catalogue
from rolecall.config.build import build, keys
from rolecall.config.edits import Edit, diff, make, undo
from rolecall.config.known import Known
from rolecall.config.load import config_file, data_folder, environment, load
from rolecall.config.migrate import client_edits, replacements, stack_edit
from rolecall.config.notices import Notice, of_stack
from rolecall.config.settings import Settings, TimeoutSettings
from rolecall.egress.door import Door
from rolecall.egress.trial import answers
from rolecall.errors import ConfigError
from rolecall.spoken.figures import plain
from rolecall.types import Snapshot


def migrate(
    within: Annotated[
        int | None, typer.Option("--within", min=0, help="Days ahead to look. [default: 60]")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Apply without asking.")] = False,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Do not ask successors for a short answer first.")
    ] = False,
    back: Annotated[bool, typer.Option("--undo", help="Take the newest change back.")] = False,
    config: Config = None,
) -> None:
    """Show the edit that replaces retiring models, check the successors, and apply it on yes."""
    if back:
        for path in undo(data_folder()):
            typer.echo(f"{path} is as it was")
        return
    found = config_file(config, Path.cwd())
    if found is None:
        raise ConfigError("there is no rolecall.toml to edit; `rolecall init` writes one")
    settings, known = load(found), catalogue()
    days = settings.catalogue.notice_days if within is None else within
    notices = of_stack(_named(settings), known, datetime.now(UTC), days)
    edits = _shown(found, notices, days)
    if not edits:
        return
    if not (yes or sys.stdin.isatty()):
        typer.echo("\nNothing was changed; --yes applies it.")
    elif not unchecked and not _check(notices, settings, known):
        typer.echo("\nNothing was changed; --unchecked goes on all the same.")
        raise typer.Exit(1)
    elif yes or typer.confirm("\nApply it?"):
        kept = make(edits, data_folder(), datetime.now(UTC))
        typer.echo(f"\nDone. `rolecall migrate --undo` takes it back ({kept}).")


def _shown(path: Path, notices: Sequence[Notice], days: int) -> list[Edit]:
    """Print what ends and the edits that answer it; give the edits."""
    if not notices:
        typer.echo(f"Nothing in {path} retires within {days} days.")
        return []
    for notice in notices:
        typer.echo(plain(notice.says))
    edits = _edits(path, notices)
    if not edits:
        typer.echo("\nNo successor is known; look for another model: rolecall models")
        raise typer.Exit(1)
    typer.echo("\n" + "\n".join(plain(line) for edit in edits for line in diff(edit)))
    return edits


def _named(settings: Settings) -> list[str]:
    return list(dict.fromkeys(name for names in settings.roles.values() for name in names))


def _edits(path: Path, notices: Sequence[Notice]) -> list[Edit]:
    own = stack_edit(path, replacements(notices))
    clients = client_edits((Path.home(), Path.cwd()), notices)
    return [*([own] if own else []), *clients]


def _check(notices: Sequence[Notice], settings: Settings, known: Known) -> bool:
    """Ask each successor for a word; say what came."""
    wanted = dict.fromkeys(replacements(notices).values())
    trial = msgspec.structs.replace(settings, roles={"code": tuple(wanted)}, models={})
    snapshot = build(trial, known, rules="", at=datetime.now(UTC))
    secrets = keys(trial, snapshot, environment())
    found = asyncio.run(_ask(snapshot, secrets))
    typer.echo("")
    for name, wrong in found.items():
        typer.echo(f"{name} {'answers' if wrong is None else f'does not answer: {plain(wrong)}'}")
    return not any(found.values())


async def _ask(snapshot: Snapshot, secrets: Mapping[str, str]) -> dict[str, str | None]:
    async with Door(secrets, TimeoutSettings(silence=60)) as door:
        return {
            name: await answers(door, snapshot.providers[deployment.provider], deployment)
            for name, deployment in snapshot.deployments.items()
        }
