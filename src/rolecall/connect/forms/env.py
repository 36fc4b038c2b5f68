"""Lines of `KEY=value`, as programs read them from a `.env` file."""

from __future__ import annotations

import re

from rolecall.connect.client import Setting


def put(text: str, settings: tuple[Setting, ...]) -> str:
    for setting in settings:
        line = f"{setting.path[0]}={setting.value}\n"
        found = _line(setting).search(text)
        if found is not None:
            text = text[: found.start()] + line + text[found.end() :]
        else:
            gap = "" if not text or text.endswith("\n") else "\n"
            text = f"{text}{gap}{line}"
    return text


def take(text: str, before: str, settings: tuple[Setting, ...]) -> str:
    for setting in settings:
        now, was = _line(setting).search(text), _line(setting).search(before)
        if now is not None:
            text = text[: now.start()] + ("" if was is None else was.group()) + text[now.end() :]
    return text


def _line(setting: Setting) -> re.Pattern[str]:
    key = re.escape(setting.path[0])
    return re.compile(rf"^(?:export\s+)?{key}\s*=.*(?:\n|\Z)", re.MULTILINE)
