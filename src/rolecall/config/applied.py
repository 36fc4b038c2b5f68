"""Lists of edits that were made, so that later commands can say what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from rolecall.config.files import replace
from rolecall.errors import ConfigError

_MODE = 0o600
One = TypeVar("One", bound=Struct)


def remembered(path: Path, sort: type[One]) -> list[One]:
    """What was noted there, oldest first. Raises `ConfigError` where the list is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[sort])  # type: ignore[valid-type] # a type at run time
    except FileNotFoundError:
        return []
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}; remove it") from error


def note(path: Path, every: Sequence[Struct]) -> None:
    """Write the list whole."""
    replace(path, msgspec.json.encode(every), _MODE)
