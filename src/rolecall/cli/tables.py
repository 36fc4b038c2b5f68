"""Tables without lines, as every command prints them."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from rolecall.spoken.figures import plain


def table(left: Iterable[str], right: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
    """Columns of words, then columns of numbers."""
    found = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in left:
        found.add_column(name, header_style="bold", overflow="fold")
    for name in right:
        found.add_column(name, header_style="bold", justify="right", no_wrap=True)
    for row in rows:
        found.add_row(*map(plain, row))
    return found
