"""A file that is one value."""

from __future__ import annotations

from rolecall.connect.client import Setting


def put(_: str, settings: tuple[Setting, ...]) -> str:
    (setting,) = settings
    return f"{setting.value}\n"


def take(text: str, before: str, settings: tuple[Setting, ...]) -> str:
    """What somebody has put in its place since stays."""
    return before if text.strip() == str(settings[0].value) else text
