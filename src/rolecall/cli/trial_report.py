"""`rolecall trial plan`, `report` and `apply`: before a trial, what it has shown, what follows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rolecall.cli.amounts import kind_of, money
from rolecall.cli.options import Config, Json
from rolecall.cli.print_plan import plan_lines
from rolecall.cli.setup import catalogue, ledger, settings_in_force, world
from rolecall.config.load import data_folder
from rolecall.config.rules import rules_in_force
from rolecall.gateway.views import encode
from rolecall.spoken.figures import plain
from rolecall.trials.past import past
from rolecall.trials.plan import Asked, plan
from rolecall.trials.tasks import load_tasks

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
