"""`rolecall trial plan`, `report` and `apply`: before a trial, what it has shown, what follows."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from rolecall.cli.amounts import kind_of, money
from rolecall.cli.audit import write
from rolecall.cli.console import console
from rolecall.cli.ledgers import ledger
from rolecall.cli.options import Config, Json
from rolecall.cli.print_plan import plan_lines
from rolecall.cli.print_trial import print_trial
from rolecall.cli.setup import catalogue, settings_in_force, world
from rolecall.config.edits import diff, make
from rolecall.config.load import config_file, data_folder, load
from rolecall.config.rules import rules_in_force
from rolecall.errors import ConfigError
from rolecall.gateway.views import encode
from rolecall.ledger import trials as kept
from rolecall.ledger.store import Ledger
from rolecall.spoken.figures import plain
from rolecall.trials.judging.tasks import load_tasks
from rolecall.trials.telling.apply import (
    Applied,
    Consequence,
    consequence,
    edit,
    lines,
    remember,
    take_back,
)
from rolecall.trials.telling.html import page
from rolecall.trials.telling.past import past
from rolecall.trials.telling.plan import Asked, plan
from rolecall.trials.telling.report import Report, report

Repository = Annotated[Path, typer.Argument(help="The repository; the current folder by default.")]
Models = Annotated[
    str, typer.Option(help="provider/model,provider/model: the one that plays today first.")
]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="Only tasks of this kind.")]


def plan_command(
    models: Models,
    repository: Repository = Path(),
    kind: Kinds = None,
    repetitions: Annotated[int, typer.Option(min=1, help="Runs of each on each task.")] = 1,
    control: Annotated[
        bool, typer.Option(help="A second arm of the first, which measures noise.")
    ] = True,
    margin: Annotated[float, typer.Option(help="The loss of success that is no worse.")] = 0.1,
    level: Annotated[float, typer.Option(help="The chance that no switch is wrong.")] = 0.95,
    budget: Annotated[str | None, typer.Option(help="USD for all runs.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say what a trial would show, cost and take, and what would be enough. Nothing is sent."""
    asked = Asked(
        models=tuple(name.strip() for name in models.split(",") if name.strip()),
        kinds=tuple(map(kind_of, kind or ())),
        repetitions=repetitions,
        control=control,
        margin=margin,
        level=level,
        budget=money("--budget", budget),
    )
    tasks = load_tasks(data_folder(), repository)
    known = catalogue()
    settings = settings_in_force(config, known)
    there = world(settings, known, rules_in_force(settings))
    told = past(ledger(config), there, known, repository, asked.models)
    found = plan(asked, tasks, told)
    typer.echo(encode(found) if json else "\n".join(map(plain, plan_lines(found))))


Which = Annotated[str | None, typer.Argument(metavar="TRIAL", help="The newest by default.")]


def report_command(
    trial: Which = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with charts there.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say what a trial has shown of each candidate, and what not. Looking early is allowed."""
    found = reported(ledger(config), trial)
    if html is not None:
        write(html, page(found).encode())
    if json:
        typer.echo(encode(found))
    else:
        print_trial(found, console())


def reported(store: Ledger, name: str | None) -> Report:
    """A trial by the beginning of its id, or the newest. Raises `ConfigError` without one."""
    if name is not None:
        one = kept.trial(store, name)
    else:
        every = kept.trials(store)
        if not every:
            raise ConfigError("there is no trial yet; `rolecall trial run` makes one")
        one = every[0]
    return report(store, data_folder(), one)


def apply_command(
    trial: Which = None,
    yes: Annotated[bool, typer.Option("--yes", help="Apply without asking.")] = False,
    back: Annotated[bool, typer.Option("--undo", help="Take the newest change back.")] = False,
    config: Config = None,
) -> None:
    """Change the stack where the verdict allows it, shown first; say why where it does not."""
    if back:
        for path in take_back(data_folder()):
            typer.echo(f"{path} is as it was")
        return
    file = config_file(config, Path.cwd())
    if file is None:
        raise ConfigError("there is no rolecall.toml to edit; `rolecall init` writes one")
    known = catalogue()
    settings = load(file)
    found = reported(ledger(config), trial)
    told = consequence(found, world(settings, known, rules_in_force(settings)))
    for line in lines(told, found.found.first):
        typer.echo(plain(line))
    _apply(found, told, file, yes=yes)


def _apply(found: Report, told: Consequence, file: Path, *, yes: bool) -> None:
    change = edit(told, file) if told.is_change else None
    if change is None:
        typer.echo("Nothing is changed.")
        return
    typer.echo("\n".join(map(plain, diff(change))))
    if not (yes or sys.stdin.isatty()):
        typer.echo("\nNothing was changed; --yes applies it.")
    elif yes or typer.confirm("\nApply it?"):
        now = datetime.now(UTC)
        kept_at = make([change], data_folder(), now)
        new = Applied(trial=found.trial.id, at=now, consequence=told, edit=str(kept_at))
        remember(data_folder(), new)
        typer.echo(f"\nDone. `rolecall trial apply --undo` takes it back ({kept_at}).")
