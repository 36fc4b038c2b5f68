"""`rolecall trial`: which model is really better on one's own repository."""

from __future__ import annotations

import typer

trial_app = typer.Typer(
    help="Try models on tasks from your own repository's history, and say what was shown.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
