"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The configuration file, instead of the one that is found."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
