"""Find and read `rolecall.toml`. An error names the wrong key and the nearest right one."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import platformdirs
from msgspec import Struct

from rolecall.config.settings import (
    LedgerSettings,
    ModelSettings,
    ProviderSettings,
    RoutingSettings,
    ServerSettings,
    Settings,
    TimeoutSettings,
)
from rolecall.errors import ConfigError
from rolecall.types import ROLES

FILE_NAME = "rolecall.toml"

_TABLES: dict[str, type[Struct]] = {
    "server": ServerSettings,
    "routing": RoutingSettings,
    "timeouts": TimeoutSettings,
    "ledger": LedgerSettings,
}
_NAMED_TABLES: dict[str, type[Struct]] = {"providers": ProviderSettings, "models": ModelSettings}


def environment() -> Mapping[str, str]:
    """The one place that looks at the process's environment."""
    return os.environ


def data_folder() -> Path:
    """Where the ledger lives unless the configuration names another place."""
    return Path(platformdirs.user_data_dir("rolecall"))


def config_file(given: Path | None, folder: Path) -> Path | None:
    """The file in force: the one given, else this folder's, else the user's, else none."""
    if given is not None:
        if not given.is_file():
            raise ConfigError(f"--config names {str(given)!r}, and there is no such file")
        return given
    places = (folder / FILE_NAME, Path(platformdirs.user_config_dir("rolecall")) / FILE_NAME)
    return next((place for place in places if place.is_file()), None)


def load(path: Path) -> Settings:
    """Read one file. Raises `ConfigError` with one line that names file, key and mend."""
    try:
        raw = msgspec.toml.decode(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error
    _check_keys(path, raw)
    try:
        return msgspec.convert({**raw, "source": str(path)}, Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_readable(str(error))}") from error


def tables() -> dict[str, tuple[str, ...]]:
    """Every table of the file with its keys; tables that hold named ones are shown as `x.NAME`."""
    plain = {table: schema.__struct_encode_fields__ for table, schema in _TABLES.items()}
    named = {
        f"{table}.NAME": schema.__struct_encode_fields__ for table, schema in _NAMED_TABLES.items()
    }
    return {**plain, **named, "roles": tuple(ROLES)}


def _check_keys(path: Path, raw: Mapping[str, Any]) -> None:
    _known(path, "", raw, (*_TABLES, *_NAMED_TABLES, "roles"))
    for table, schema in _TABLES.items():
        _known(path, table, raw.get(table), schema.__struct_encode_fields__)
    for table, schema in _NAMED_TABLES.items():
        for name, inner in _entries(raw.get(table)):
            _known(path, f"{table}.{name}", inner, schema.__struct_encode_fields__)
    _known(path, "roles", raw.get("roles"), ROLES)


def _entries(table: Any) -> Iterable[tuple[str, Any]]:
    return table.items() if isinstance(table, dict) else ()


def _known(path: Path, table: str, keys: Any, valid: Iterable[str]) -> None:
    names = list(valid)
    for key, _ in _entries(keys):
        if key not in names:
            place = f"[{table}] {key}" if table else f"[{key}]"
            raise ConfigError(f"{path}: unknown key {place}; {nearest(key, names)}")


def nearest(given: str, valid: Iterable[str]) -> str:
    """Half a sentence that says what could have been meant."""
    names = sorted(valid)
    close = difflib.get_close_matches(given, names, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"valid here: {', '.join(names)}"


def _readable(message: str) -> str:
    """Msgspec ends its messages with a path: `… - at `$.server.port``."""
    what, found, where = message.partition(" - at `$.")
    return f"{where.rstrip('`')}: {what}" if found else message
