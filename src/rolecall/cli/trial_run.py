"""`rolecall trial run`, `list` and `show`: conduct a trial, and see how far each is."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from rolecall.cli.amounts import kind_of, money
from rolecall.cli.console import console
from rolecall.cli.ledgers import ledger
from rolecall.cli.options import Config, Json
from rolecall.cli.print_runs import print_begin, print_end, print_runs, print_trials, progress
from rolecall.cli.setup import catalogue, ledger_path, settings_in_force, world
from rolecall.config.known import Known
from rolecall.config.load import config_file, data_folder, environment
from rolecall.config.rules import rules_in_force
from rolecall.config.settings import Settings
from rolecall.gateway.views import encode
from rolecall.ledger import trials as kept
from rolecall.ledger.store import Ledger, open_ledger
from rolecall.trials.judging.git import top
from rolecall.trials.judging.tasks import load_tasks, trial_folder
from rolecall.trials.running.agents.table import DEFAULT, agent
from rolecall.trials.running.begin import Wanted, alone, begin, keep, tasks_of
from rolecall.trials.running.bound import Where, check, confinement, token_of, workspace_of
from rolecall.trials.running.cluster import pool
from rolecall.trials.running.conduct import Conduct, Ending, conduct, finished
from rolecall.trials.running.gateway import OwnGateway, Setup
from rolecall.trials.running.schedule import pending
from rolecall.trials.telling.past import past
from rolecall.trials.telling.plan import guess
from rolecall.trials.telling.report import is_settled
from rolecall.types.trials import RunLimits, Task, Trial

_LIMITS = RunLimits()


def run_command(
    trial: Annotated[
        str | None, typer.Argument(metavar="[TRIAL]", help="A trial to go on with.")
    ] = None,
    models: Annotated[
        str, typer.Option(help="provider/model,provider/model: the one that plays today first.")
    ] = "",
    repository: Annotated[Path, typer.Option(help="A folder of the repository.")] = Path(),
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Only tasks of this kind.")
    ] = None,
    task: Annotated[list[str] | None, typer.Option("--task", help="This task; repeatable.")] = None,
    most: Annotated[int | None, typer.Option(min=1, help="Tasks at most, drawn by seed.")] = None,
    agent_name: Annotated[str, typer.Option("--agent", help="Who does the tasks.")] = DEFAULT,
    repetitions: Annotated[int, typer.Option(min=1, help="Runs of each on each task.")] = 1,
    control: Annotated[
        bool, typer.Option(help="A second arm of the first, which measures noise.")
    ] = True,
    budget: Annotated[str | None, typer.Option(help="USD for all runs.")] = None,
    spend: Annotated[str | None, typer.Option(help="USD for one run.")] = None,
    calls: Annotated[int, typer.Option(min=1, help="Calls of one run.")] = _LIMITS.calls,
    seconds: Annotated[float, typer.Option(min=1, help="Time of one run.")] = _LIMITS.seconds,
    margin: Annotated[float, typer.Option(help="The loss of success that is no worse.")] = 0.1,
    level: Annotated[float, typer.Option(help="The chance that no switch is wrong.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Decides order and choice of tasks.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time on this machine.")] = 1,
    scheduler: Annotated[str | None, typer.Option(help="A Dask scheduler with workers.")] = None,
    listen: Annotated[
        str | None, typer.Option(help="The address at which those reach this machine.")
    ] = None,
    unsafe: Annotated[bool, typer.Option("--unsafe", help="Run without a sandbox.")] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="Make all runs, also once the verdict is settled.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Try models on tasks, each in a sandbox; or go on with a trial that was stopped.

    Ctrl-C stops it at any point, and `rolecall trial run TRIAL` goes on: no run is lost or made
    twice. Every call goes through a gateway with your configuration, rules and prices.
    """
    known = catalogue()
    settings = settings_in_force(config, known)
    store = open_ledger(ledger_path(settings))
    where = Where(jobs=jobs, scheduler=scheduler, listen=listen, unsafe=unsafe, whole=whole)
    if trial is None:
        limits = replace(_LIMITS, calls=calls, seconds=seconds, spend=money("--spend", spend))
        wanted = Wanted(
            repository=top(repository).resolve(),
            models=tuple(name.strip() for name in models.split(",") if name.strip()),
            agent=agent(agent_name).name,
            kinds=tuple(map(kind_of, kind or ())),
            names=tuple(task or ()),
            most=most,
            repetitions=repetitions,
            control=control,
            seed=seed,
            budget=money("--budget", budget),
            margin=margin,
            level=level,
            limits=limits,
        )
        known_tasks = load_tasks(data_folder(), wanted.repository)
        found = begin(wanted, known_tasks, at=datetime.now(UTC), draw=secrets.randbits(32))
        tasks = {one.id: one for one in known_tasks if one.id in found.tasks}
    else:
        found = _with_budget(kept.trial(store, trial), money("--budget", budget))
        tasks = tasks_of(trial_folder(data_folder(), Path(found.repository)), found)
    check(found, where)
    planned = _planned(found, tasks, store, settings, known)
    keep(store, trial_folder(data_folder(), Path(found.repository)), found, tasks)
    ending = _conducted(found, tasks, planned, store, settings, where, config)
    typer.echo(encode(ending)) if json else print_end(found, ending)


def _with_budget(found: Trial, budget: Decimal | None) -> Trial:
    return found if budget is None else replace(found, budget=budget)


def _planned(
    trial: Trial, tasks: Mapping[str, Task], store: Ledger, settings: Settings, known: Known
) -> dict[str, Decimal]:
    """What a run of each candidate is expected to cost, as `rolecall trial plan` has it."""
    there = world(settings, known, rules_in_force(settings))
    before = past(store, there, known, Path(trial.repository), trial.candidates)
    found = {name: guess(name, list(tasks.values()), before).cost for name in trial.candidates}
    return {name: Decimal(str(cost)) for name, cost in found.items() if cost is not None}


def _conducted(
    trial: Trial,
    tasks: Mapping[str, Task],
    planned: Mapping[str, Decimal],
    store: Ledger,
    settings: Settings,
    where: Where,
    config: Config,
) -> Ending:
    """Everything that a trial needs, for as long as it is conducted."""
    if not pending(trial, kept.runs(store, trial.id)):
        return finished(trial, store)
    confined, engine = confinement(where)
    repository = Path(trial.repository)
    folder = trial_folder(data_folder(), repository)
    workspace = workspace_of(settings, repository)
    setup = Setup(
        config=config or config_file(config, Path.cwd()),
        folder=Path.cwd(),
        environ=environment(),
        host=where.listen or "127.0.0.1",
    )
    with ExitStack() as stack:
        stack.enter_context(alone(folder, trial))
        print_begin(trial, workspace)
        workers = stack.enter_context(pool(where.scheduler, where.jobs))
        gateway = stack.enter_context(OwnGateway(setup))
        return conduct(
            Conduct(
                trial=trial,
                tasks=tasks,
                ledger=store,
                gateway=gateway,
                pool=workers,
                folder=folder,
                workspace=workspace,
                token=token_of(settings, environment()),
                confinement=confined,
                engine=engine,
                planned=planned,
                settled=(lambda _: False) if where.whole else is_settled(trial, tasks),
                tell=stack.enter_context(progress(trial)),
                remote=where.listen is not None,
            )
        )


def list_command(config: Config = None, json: Json = False) -> None:
    """List the trials, newest first: what is tried, how many runs are made, what they cost."""
    store = ledger(config)
    found = [(one, kept.runs(store, one.id)) for one in kept.trials(store)]
    typer.echo(encode(found)) if json else print_trials(found, console())


def show_command(
    trial: Annotated[str, typer.Argument(help="The trial, or the beginning of its id.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Show the runs of a trial: what became of each, its time, its cost, where its log is."""
    store = ledger(config)
    found = kept.trial(store, trial)
    runs = kept.runs(store, found.id)
    typer.echo(encode([found, runs])) if json else print_runs(found, runs, console())
