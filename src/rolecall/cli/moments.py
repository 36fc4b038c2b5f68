"""Times as people give them: `30d`, `12h`, a day, or `all`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from rolecall.errors import ConfigError

_SPAN = re.compile(r"(\d{1,5})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


def since(text: str, now: datetime) -> datetime:
    """The moment that a text means. Raises `ConfigError` where it means none."""
    if text == "all":
        return datetime(1970, 1, 1, tzinfo=UTC)
    if span := _SPAN.fullmatch(text):
        return max(
            now - timedelta(hours=int(span[1]) * _HOURS[span[2]]), datetime(1970, 1, 1, tzinfo=UTC)
        )
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise ConfigError(
            f"--since {text!r} is no time; give 30d, 12h, 2w, a day such as 2026-11-01, or all"
        ) from None
