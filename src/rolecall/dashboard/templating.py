"""Templates, and how a cell of a table is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from importlib import resources
from typing import Any
from urllib.parse import quote

from rolecall.audit.html import TEMPLATES, environment, style
from rolecall.dashboard.shown import Column, Sort
from rolecall.spoken.figures import big, dollars, seconds

_OWN = "rolecall.dashboard", "templates"
PAGES = (
    ("/", "Decisions"),
    ("/sessions", "Sessions"),
    ("/spending", "Spending"),
    ("/frontier", "Cost and quality"),
    ("/habits", "Habits"),
    ("/private", "Private"),
    ("/catalogue", "Catalogue"),
)


_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def templates() -> Callable[..., str]:
    """Renders a template by its name. Raises `ConfigError` without the extra `ui`."""
    found = environment([_OWN, TEMPLATES])
    found.filters |= {"cell": cell, "path": partial(quote, safe=""), "usd": _usd}
    found.globals |= {"pages": PAGES}

    def render(name: str, **values: Any) -> str:
        return str(found.get_template(name).render(**values))

    return render


def static() -> dict[str, tuple[bytes, str]]:
    """Files by name, each with its type: one sheet of style, and our own scripts."""
    folder = resources.files("rolecall.dashboard").joinpath("static")
    sheet = style() + folder.joinpath("page.css").read_text("utf-8")
    others = {
        part.name: (part.read_bytes(), _TYPES[part.name.rpartition(".")[2]])
        for part in folder.iterdir()
    }
    return others | {"page.css": (sheet.encode(), "text/css")}


def cell(value: Any, column: Column) -> str:
    """What a reader sees of a value; nothing where there is none."""
    return "" if value is None or value == "" else _WRITE[column.sort](value)


def _usd(value: float | Decimal) -> str:
    return dollars(Decimal(str(value)))


def _count(value: float) -> str:
    return f"{value:,.3g}" if isinstance(value, float) else f"{value:,}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%m-%d %H:%M:%S}"


_WRITE: Mapping[Sort, Callable[[Any], str]] = {
    "text": str,
    "name": str,
    "prose": str,
    "code": str,
    "usd": _usd,
    "count": _count,
    "tokens": big,
    "share": "{:.0%}".format,
    "seconds": seconds,
    "moment": _moment,
}
