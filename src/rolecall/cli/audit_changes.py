"""`rolecall audit what-if` and `audit apply`: a change tried on the past, and made."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from rolecall.audit.apply import edit_of, forget_last, remember
from rolecall.audit.read import History
from rolecall.audit.replay import what_if
from rolecall.audit.run import history_of, judged
from rolecall.audit.tariffs import providers_of
from rolecall.cli.audit import Paths, Since, ask_of, audited, chosen, progress
from rolecall.cli.console import console
from rolecall.cli.options import Config, Json
from rolecall.cli.print_what_if import print_what_if
from rolecall.cli.setup import policy_of, world
from rolecall.config.edits import diff, make, undo
from rolecall.config.known import Known
from rolecall.config.load import config_file, data_folder, environment, load
from rolecall.config.private import privacy
from rolecall.config.propose import hosted, propose, uses_embedded
from rolecall.config.rules import rules_in_force
from rolecall.config.settings import Settings
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
        bool, typer.Option("--proposed", help="What your keys and the logs' providers suggest.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Replay the past through a stack: what it would have cost, and who would have played."""
    ask = ask_of(paths, since, config)
    with progress("reading logs") as told:
        history = history_of(ask, told)
    settings = _tried(stack, config, history, ask.known, proposed=proposed)
    there = world(settings, ask.known, rules_in_force(settings))
    scene = judged(history, msgspec.structs.replace(ask, stack=there))
    policy = policy_of(privacy(settings))
    with progress("deciding") as told:
        found = what_if(scene.pieces, there, scene.tariffs, policy, told)
    if json:
        typer.echo(encode(found))
    else:
        print_what_if(found, privacy(settings), console())


def _tried(
    stack: Path | None, config: Path | None, history: History, known: Known, *, proposed: bool
) -> Settings:
    """The stack that is asked for; without one a proposal from keys and from what the logs name."""
    file = stack or (None if proposed else config_file(config, Path.cwd()))
    if file is not None:
        return load(file)
    used = providers_of(history.threads, known)
    keys = {one.name for one in hosted(known.presets, environment())}
    found = [one for one in known.presets.values() if one.name in keys | used]
    settings = propose(found, [])
    if uses_embedded(settings):
        raise ConfigError("no key is set, and no provider in the logs is known; name --stack FILE")
    return settings


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
        typer.echo("\n".join(map(plain, (one.change.says, one.change.command))))
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
