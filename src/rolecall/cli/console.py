"""Where tables are printed."""

from __future__ import annotations

import sys

from rich.console import Console

_WIDE = 200
"""Columns for a file or a pipe, where nothing needs to be cut."""


def console() -> Console:
    """As wide as the terminal; plain and wide where there is none.

    What is printed holds names that others chose: `[x]` and `:x:` in it are text, not style.
    """
    width = None if sys.stdout.isatty() else _WIDE
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=False, width=width)
