"""How far back a page looks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from rolecall.errors import BodyError

SPANS: Mapping[str, int | None] = {"7d": 7, "30d": 30, "90d": 90, "all": None}
"""Days, today among them."""


def span_of(query: Mapping[str, str]) -> str:
    """The span that an address names; 30 days where it names none."""
    found = query.get("since", "30d")
    if found not in SPANS:
        raise BodyError(f"since is {found!r}; give one of {', '.join(SPANS)}")
    return found


def first_day(span: str, today: date) -> str:
    """The first day (UTC) of a span, as the index writes days."""
    days = SPANS[span]
    return "" if days is None else (today - timedelta(days=days - 1)).isoformat()
