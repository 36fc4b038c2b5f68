"""A page as HTML, JSON, CSV or SVG, with the headers that keep it to this host."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from starlette.responses import Response

from rolecall.dashboard.artist import Artist
from rolecall.dashboard.shown import Shown, Table
from rolecall.errors import RouteError

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a browser may load for a page: what this gateway serves, and nothing inline."""
_PICTURE = "default-src 'none'; style-src 'unsafe-inline'"
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet takes a text for a formula (OWASP, CSV injection)."""


def html(text: str, status: int = 200) -> Response:
    return Response(text, status_code=status, media_type="text/html", headers=HEADERS)


def as_file(shown: Shown, form: str, name: str, artist: Artist) -> Response:
    """The numbers of a page in another form. Raises `RouteError` where there is no such part."""
    match form:
        case "json":
            return _json(shown)
        case "csv":
            return _csv(_named(shown.tables, name))
        case "svg":
            chart = _named(shown.charts, name)
            headers = HEADERS | {"content-security-policy": _PICTURE}
            return Response(artist.svg(chart.drawing), media_type="image/svg+xml", headers=headers)
        case _:
            raise RouteError(f"format is {form!r}; give json, csv or svg")


def _named(parts: tuple[Any, ...], name: str) -> Any:
    for part in parts:
        if part.name == name:
            return part
    names = ", ".join(part.name for part in parts) or "none"
    raise RouteError(f"this page has no part {name!r}; it has {names}")


def _json(shown: Shown) -> Response:
    tables = {table.name: list(_as_objects(table)) for table in shown.tables}
    body = msgspec.json.encode({"title": shown.title, "data": shown.data, "tables": tables})
    return Response(body, media_type="application/json", headers=HEADERS)


def _as_objects(table: Table) -> Iterator[dict[str, Any]]:
    titles = [column.title for column in table.columns]
    return (dict(zip(titles, row, strict=True)) for row in table.rows)


def _csv(table: Table) -> Response:
    to = io.StringIO()
    writer = csv.writer(to)
    writer.writerow([column.title for column in table.columns])
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    headers = HEADERS | {"content-disposition": f'attachment; filename="{table.name}.csv"'}
    return Response(to.getvalue(), media_type="text/csv", headers=headers)


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would compute is quoted; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
