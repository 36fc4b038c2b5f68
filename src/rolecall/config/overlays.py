"""The files that refreshes leave: one each, the newest in force, the earlier ones to go back to."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import msgspec

from rolecall.catalogue.models import load_facts
from rolecall.catalogue.overlay import Overlay, laid_over, priced
from rolecall.catalogue.prices import load_prices
from rolecall.config.known import Known, known_from
from rolecall.errors import ConfigError

FOLDER = "catalogue"
_HEAD = "# Written by `rolecall catalogue refresh`; `rolecall catalogue undo` takes it back.\n\n"
_NAME = "%Y-%m-%dT%H-%M-%S.%fZ.toml"


def files(data: Path) -> list[Path]:
    """Overlay files in the data folder, the oldest first."""
    return sorted((data / FOLDER).glob("*.toml"))


def read(path: Path) -> Overlay:
    """Raises `ConfigError` with what is wrong."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Overlay)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}") from error


def write(data: Path, overlay: Overlay) -> Path:
    """Write an overlay whole or not at all; returns where."""
    import tomlkit  # noqa: PLC0415 (only a refresh needs it)

    folder = data / FOLDER
    path = folder / overlay.made.strftime(_NAME)
    plain = msgspec.to_builtins(overlay, builtin_types=(date, datetime, time))
    text = _HEAD + tomlkit.dumps(_without_nothing(plain))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def in_force(data: Path) -> tuple[Known, list[str]]:
    """The catalogue with the newest good overlay, and what is wrong with newer ones."""
    wrong: list[str] = []
    for path in reversed(files(data)):
        try:
            overlay = read(path)
            facts = laid_over(load_facts(), overlay)
            return known_from(facts, priced(load_prices(), overlay)), wrong
        except ConfigError as error:
            wrong.append(f"{error}; the catalogue before it stays in force")
    return known_from(load_facts(), load_prices()), wrong


def _without_nothing(value: Any) -> Any:
    """TOML has no null: what is None is left out."""
    match value:
        case dict():
            return {k: _without_nothing(v) for k, v in value.items() if v is not None}
        case list():
            return [_without_nothing(v) for v in value]
        case _:
            return value
