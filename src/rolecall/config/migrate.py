"""The edits that put successors in the place of what retires."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolecall.config.edits import Edit
from rolecall.config.notices import Notice
from rolecall.config.stack import edited

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

CLIENT_FILES = (
    ".codex/config.toml",
    ".claude/settings.json",
    ".config/opencode/opencode.json",
    ".vibe/config.toml",
    ".aider.conf.yml",
    ".continue/config.yaml",
    ".gemini/settings.json",
)
"""Where coding clients keep the name of their model, in the home folder or in the working one."""
_LARGEST = 1_000_000
"""Bytes of a client's file that is looked at."""


def replacements(notices: Sequence[Notice]) -> dict[str, str]:
    """Deployments that retire, and those that take their place."""
    return {
        f"{one.surface}/{one.id}": f"{one.surface}/{one.successor}"
        for one in notices
        if one.successor is not None
    }


def stack_edit(path: Path, instead: Mapping[str, str]) -> Edit | None:
    """`rolecall.toml` with the cascades changed; None if it names none of the models."""
    return edited(path, lambda document: replace(document, instead))


def replace(document: TOMLDocument, instead: Mapping[str, str]) -> None:
    """Put others in the place of deployments, in every cascade."""
    for cascade in document.get("roles", {}).values():
        if isinstance(cascade, list):
            _replace(cascade, instead)
    models = document.get("models", {})
    for old in instead:
        if old in models:
            del models[old]  # its price was that of the old model


def _replace(cascade: list[Any], instead: Mapping[str, str]) -> None:
    """Each entry in its place; one that is there already is not named twice."""
    for index in reversed(range(len(cascade))):
        new = instead.get(str(cascade[index]))
        if new is None:
            continue
        if new in cascade:
            del cascade[index]
        else:
            cascade[index] = new


def client_edits(folders: Sequence[Path], notices: Sequence[Notice]) -> Iterator[Edit]:
    """Clients' own files that name a model which retires, with its successor's name."""
    for path in dict.fromkeys(folder / name for folder in folders for name in CLIENT_FILES):
        try:
            if not path.is_file() or path.stat().st_size > _LARGEST:
                continue
            before = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue  # not ours to complain about: it is another program's file
        after = before
        for one in notices:
            if one.successor is not None:
                after = _whole(one.id).sub(one.successor, after)
        if after != before:
            yield Edit(path=path, before=before, after=after)


def _whole(name: str) -> re.Pattern[str]:
    """The name as a whole value: in quotes, after a provider, or alone behind a colon."""
    quoted = rf"(?<=[\"'/]){re.escape(name)}(?=[\"'])"
    return re.compile(rf"{quoted}|(?<=: ){re.escape(name)}(?=\s*$)", re.MULTILINE)
