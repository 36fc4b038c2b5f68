"""`rolecall trial mine` and `rolecall trial tasks`: tasks from a repository's own history."""

from __future__ import annotations

import os
import shlex
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from rolecall.cli.audit import progress
from rolecall.cli.console import console
from rolecall.cli.moments import since as moment
from rolecall.cli.options import Json
from rolecall.cli.print_mined import print_mined, print_tasks
from rolecall.config.load import data_folder, environment
from rolecall.gateway.views import encode
from rolecall.routing.kinds import KindReader, load_weights
from rolecall.routing.ngrams import load_cues
from rolecall.trials.judging.execute import plain_until
from rolecall.trials.judging.git import top
from rolecall.trials.judging.tasks import load_tasks, trial_folder
from rolecall.trials.mining.mine import Ask, mine
from rolecall.types.trials import Runner

Repository = Annotated[
    Path, typer.Argument(metavar="[REPO]", help="A folder of the repository; this one by default.")
]


def mine_command(
    repository: Repository = Path(),
    since: Annotated[
        str, typer.Option(help="How far back: 90d, a day such as 2026-01-31, or all.")
    ] = "all",
    most: Annotated[int, typer.Option("--max", min=1, help="Commits to look at.")] = 1000,
    most_lines: Annotated[
        int, typer.Option("--max-lines", min=1, help="Changed lines of source in a task.")
    ] = 500,
    seconds: Annotated[
        float, typer.Option("--test-seconds", min=1, help="What one run of tests may take.")
    ] = 120,
    runner: Annotated[
        Runner | None, typer.Option(help="What runs the tests, where the files do not say it.")
    ] = None,
    command: Annotated[
        str,
        typer.Option(help="A Python for pytest or unittest, or a test command by its exit code."),
    ] = "",
    review: Annotated[
        bool, typer.Option("--review", help="Make review tasks of small fixes, too.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Replay what was dropped by an earlier run.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Replays at a time; the cores by default.")] = (
        os.cpu_count() or 1
    ),
    json: Json = False,
) -> None:
    """Find commits whose tests fail before and pass after, and make tasks of them.

    Tests run as you, on this machine; your checkout is not touched. What was replayed once is not
    replayed again.
    """
    ask = Ask(
        repository=repository,
        data=data_folder(),
        environ=environment(),
        runner=runner,
        command=tuple(shlex.split(command)),
        since=None if since == "all" else moment(since, datetime.now(UTC)),
        most=most,
        most_lines=most_lines,
        seconds=seconds,
        again=again,
        review=review,
        workers=jobs,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with progress("replaying commits") as told:
        found = mine(ask, plain_until, KindReader(load_weights(), load_cues()).read, told)
    if json:
        typer.echo(encode(found))
    else:
        print_mined(found, console())


def tasks_command(repository: Repository = Path(), json: Json = False) -> None:
    """List the tasks of a repository, mined and hand-written."""
    path = top(repository)
    found = load_tasks(data_folder(), path)
    if json:
        typer.echo(encode(found))
    else:
        print_tasks(found, trial_folder(data_folder(), path), console())
