"""What is on a page, as values: tables that a template shows and a file holds, and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from rolecall.dashboard.drawings import Drawing

Sort = Literal[
    "text", "name", "prose", "code", "usd", "count", "tokens", "share", "moment", "seconds"
]
"""What a column holds: a word, a name that may break, a sentence, an id, USD, a number of things,
of tokens, a part of one, a time, a duration."""


class Column(Struct, frozen=True):
    """`link` is a path that the cell's own value ends."""

    title: str
    sort: Sort = "text"
    link: str = ""

    @property
    def is_number(self) -> bool:
        return self.sort in {"usd", "count", "tokens", "share", "seconds"}


class Table(Struct, frozen=True, kw_only=True):
    """Rows of plain values, one for each column."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Any, ...]]


class Chart(Struct, frozen=True, kw_only=True):
    """A drawing, and what it shows in words."""

    name: str
    label: str
    drawing: Drawing


class Shown(Struct, frozen=True, kw_only=True):
    """A page. `data` is all that its template needs beside tables and charts."""

    template: str
    title: str
    data: Any
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()

    @property
    def by_name(self) -> Mapping[str, Table]:
        return {table.name: table for table in self.tables}
