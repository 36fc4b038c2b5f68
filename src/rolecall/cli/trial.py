"""`rolecall trial`: which model is really better on one's own repository."""

from __future__ import annotations

import typer

from rolecall.cli.trial_mine import mine_command, tasks_command
from rolecall.cli.trial_report import apply_command, plan_command, report_command
from rolecall.cli.trial_run import list_command, run_command, show_command

trial_app = typer.Typer(
    help="Try models on tasks from your own repository's history, and say what was shown.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
trial_app.command(name="mine")(mine_command)
trial_app.command(name="tasks")(tasks_command)
trial_app.command(name="plan")(plan_command)
trial_app.command(name="run")(run_command)
trial_app.command(name="list")(list_command)
trial_app.command(name="show")(show_command)
trial_app.command(name="report")(report_command)
trial_app.command(name="apply")(apply_command)
