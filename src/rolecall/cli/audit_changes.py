"""`rolecall audit what-if` and `audit apply`: a change tried on the past, and made."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from rolecall.audit.apply import edit_of, forget_last, remember
from rolecall.audit.replay import what_if
from rolecall.audit.run import history_of, judged
from rolecall.cli.audit import Paths, Since, ask_of, audited, chosen, progress
from rolecall.cli.console import console
from rolecall.cli.options import Config, Json
from rolecall.cli.print_what_if import print_what_if
from rolecall.cli.setup import catalogue, policy_of, settings_in_force, world
from rolecall.config.edits import diff, make, undo
from rolecall.config.load import config_file, data_folder, environment, load
from rolecall.config.private import privacy
from rolecall.config.propose import hosted, propose
from rolecall.config.rules import rules_in_force
from rolecall.errors import ConfigError
from rolecall.gateway.views import encode
from rolecall.spoken.figures import plain


def what_if_command(
    paths: Paths = None,
    since: Since = "30d",
    stack: Annotated[
        Path | None, typer.Option(help="A rolecall.toml, instead of the one in force.")
    ] = None,
    proposed: Annotated[
        bool, typer.Option("--proposed", help="The stack that your keys suggest.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Replay the past through a stack: what it would have cost, and who would have played."""
    known = catalogue()
    if proposed:
        settings = propose(hosted(known.presets, environment()), [])
    else:
        settings = load(stack) if stack else settings_in_force(config, known)
    there = world(settings, known, rules_in_force(settings))
    ask = msgspec.structs.replace(ask_of(paths, since, config), stack=there)
    with progress("reading logs") as told:
        scene = judged(history_of(ask, told), ask)
    policy = policy_of(privacy(settings))
    with progress("deciding") as told:
        found = what_if(scene.pieces, there, scene.tariffs, policy, told)
    if json:
        typer.echo(encode(found))
    else:
        print_what_if(found, privacy(settings), console())


def apply(
    finding: Annotated[str | None, typer.Argument(metavar="ID", help="A habit.")] = None,
    paths: Paths = None,
    since: Since = "30d",
    yes: Annotated[bool, typer.Option("--yes", help="Apply without asking.")] = False,
    back: Annotated[bool, typer.Option("--undo", help="Take the newest edit back.")] = False,
    config: Config = None,
) -> None:
    """Show the edit of rolecall.toml that answers a finding, and make it on yes."""
    data, now = data_folder(), datetime.now(UTC)
    if back:
        for path in undo(data):
            typer.echo(f"{path} is as it was")
        forget_last(data)
        return
    if finding is None:
        raise ConfigError("name a finding; `rolecall audit` lists them")
    found, _ = audited(paths, since, config)
    one = chosen(found, finding)
    if one.change is None:
        raise ConfigError(f"no edit answers {one.id}; docs/audit.md says what does")
    if not one.change.is_edit:
        typer.echo(f"{one.change.says}\n{one.change.command}")
        return
    file = config_file(config, Path.cwd())
    if file is None:
        raise ConfigError("there is no rolecall.toml to edit; `rolecall init` writes one")
    edit = edit_of(one.change, file)
    if edit is None:
        typer.echo(f"{file} says so already.")
        return
    typer.echo("\n".join(map(plain, diff(edit))))
    if not (yes or sys.stdin.isatty()):
        typer.echo("\nNothing was changed; --yes applies it.")
    elif yes or typer.confirm("\nApply it?"):
        kept = make([edit], data, now)
        remember(data, one, found.since, now)
        typer.echo(f"\nDone. `rolecall audit apply --undo` takes it back ({kept}).")
