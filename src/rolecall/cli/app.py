"""`rolecall`: the commands, and how they end when something is wrong."""

from __future__ import annotations

import sys

import typer

from rolecall.cli.audit import audit_app
from rolecall.cli.audit_changes import apply, what_if_command
from rolecall.cli.bench import bench
from rolecall.cli.catalogue import catalogue_app
from rolecall.cli.classify import classify
from rolecall.cli.connect import connect, disconnect, run
from rolecall.cli.doctor import doctor
from rolecall.cli.economics import guarantee, premium_command, stack_app
from rolecall.cli.init import init
from rolecall.cli.migrate import migrate
from rolecall.cli.models import models_app
from rolecall.cli.outcome import outcome_app
from rolecall.cli.privacy import privacy_app
from rolecall.cli.records import log, replay, why
from rolecall.cli.report import report
from rolecall.cli.route import route
from rolecall.cli.trial import trial_app
from rolecall.cli.trial_mine import mine_command, tasks_command
from rolecall.cli.trial_report import apply_command, plan_command, report_command
from rolecall.cli.trial_run import list_command, run_command, show_command
from rolecall.cli.up import up
from rolecall.cli.workspace import workspace_app
from rolecall.errors import ConfigError, RolecallError, StartError

WRONG_USE = 2
"""Exit code for a configuration or a machine that has to be mended first."""

commands = typer.Typer(
    help="Route coding work by role: each request goes to the model that plays its role.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (init, up, route, classify, log, why, replay, doctor, migrate, bench):
    commands.command()(command)
commands.command()(guarantee)
commands.command()(report)
commands.command(name="premium")(premium_command)
commands.command()(connect)
commands.command()(disconnect)
commands.command(context_settings={"allow_extra_args": True, "allow_interspersed_args": False})(run)
commands.add_typer(models_app, name="models")
commands.add_typer(catalogue_app, name="catalogue")
commands.add_typer(privacy_app, name="privacy")
commands.add_typer(workspace_app, name="workspace")
commands.add_typer(outcome_app, name="outcome")
commands.add_typer(stack_app, name="stack")
audit_app.command(name="what-if")(what_if_command)
audit_app.command()(apply)
commands.add_typer(audit_app, name="audit")
trial_app.command(name="mine")(mine_command)
trial_app.command(name="tasks")(tasks_command)
trial_app.command(name="plan")(plan_command)
trial_app.command(name="run")(run_command)
trial_app.command(name="list")(list_command)
trial_app.command(name="show")(show_command)
trial_app.command(name="report")(report_command)
trial_app.command(name="apply")(apply_command)
commands.add_typer(trial_app, name="trial")


def main() -> None:
    """The entry point. One line for what is wrong and how to mend it; no traceback for that."""
    try:
        commands()
    except (ConfigError, StartError) as error:
        print(f"rolecall: {error}", file=sys.stderr)  # noqa: T201 (this is the command line)
        sys.exit(WRONG_USE)
    except RolecallError as error:
        print(f"rolecall: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
