"""Edits of `rolecall.toml` that leave its comments and its order as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rolecall.config.edits import Edit
from rolecall.errors import ConfigError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def edited(path: Path, change: Callable[[TOMLDocument], None]) -> Edit | None:
    """The file with a change; None where that changes nothing. Raises `ConfigError`."""
    import tomlkit  # noqa: PLC0415 (few commands need it)
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    before = path.read_text(encoding="utf-8")
    try:
        document = tomlkit.parse(before)
    except TOMLKitError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error
    change(document)
    after = tomlkit.dumps(document)
    return None if after == before else Edit(path=path, before=before, after=after)
