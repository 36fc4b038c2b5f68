"""`rolecall`: the commands, and how they end when something is wrong."""

from __future__ import annotations

import sys

import typer

from rolecall.cli.lazy import Entry, Lazy
from rolecall.errors import ConfigError, RolecallError, StartError

WRONG_USE = 2
"""Exit code for a configuration or a machine that has to be mended first."""
_PASSES_ON = {"allow_extra_args": True, "allow_interspersed_args": False}
"""Of a command whose arguments are another program's."""
_CLI = "rolecall.cli"


class _Commands(Lazy):
    table = {  # noqa: RUF012 (typer makes one of it)
        "init": Entry(f"{_CLI}.init", "init"),
        "up": Entry(f"{_CLI}.up", "up"),
        "route": Entry(f"{_CLI}.route", "route"),
        "classify": Entry(f"{_CLI}.classify", "classify"),
        "log": Entry(f"{_CLI}.records", "log"),
        "why": Entry(f"{_CLI}.records", "why"),
        "replay": Entry(f"{_CLI}.records", "replay"),
        "doctor": Entry(f"{_CLI}.doctor", "doctor"),
        "models": Entry(f"{_CLI}.models", "models_app"),
        "migrate": Entry(f"{_CLI}.migrate", "migrate"),
        "catalogue": Entry(f"{_CLI}.catalogue", "catalogue_app"),
        "privacy": Entry(f"{_CLI}.privacy", "privacy_app"),
        "workspace": Entry(f"{_CLI}.workspace", "workspace_app"),
        "connect": Entry(f"{_CLI}.connect", "connect"),
        "disconnect": Entry(f"{_CLI}.connect", "disconnect"),
        "run": Entry(f"{_CLI}.connect", "run", _PASSES_ON),
        "audit": Entry(f"{_CLI}.audit_changes", "audit_app"),
        "report": Entry(f"{_CLI}.report", "report"),
        "premium": Entry(f"{_CLI}.economics", "premium_command"),
        "guarantee": Entry(f"{_CLI}.economics", "guarantee"),
        "stack": Entry(f"{_CLI}.economics", "stack_app"),
        "outcome": Entry(f"{_CLI}.outcome", "outcome_app"),
        "bench": Entry(f"{_CLI}.bench", "bench"),
        "trial": Entry(f"{_CLI}.trial", "trial_app"),
    }


commands = typer.Typer(
    help="Route coding work by role: each request goes to the model that plays its role.",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@commands.callback()
def _top() -> None:
    """Route coding work by role: each request goes to the model that plays its role."""


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
