"""Find and read `rolecall.toml`. An error names the wrong key and the nearest right one."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import msgspec
import platformdirs
from msgspec import Struct

from rolecall.config.settings import (
    BudgetSettings,
    CatalogueSettings,
    EconomicsSettings,
    LedgerSettings,
    ModelSettings,
    PrivacyRuleSettings,
    PrivacySettings,
    ProviderSettings,
    RoutingSettings,
    ServerSettings,
    Settings,
    TimeoutSettings,
    WorkspaceSettings,
)
from rolecall.errors import ConfigError
from rolecall.types import (
    DIALECTS,
    ROLES,
    AtLimit,
    Auth,
    HandOver,
    ModelClass,
    OnRetired,
    Role,
    Work,
)

FILE_NAME = "rolecall.toml"
LEDGER_NAME = "ledger.sqlite"
"""The ledger's file in the data folder, where no other is named."""

_TABLES: dict[str, type[Struct]] = {
    "server": ServerSettings,
    "routing": RoutingSettings,
    "economics": EconomicsSettings,
    "budget": BudgetSettings,
    "timeouts": TimeoutSettings,
    "ledger": LedgerSettings,
    "catalogue": CatalogueSettings,
    "privacy": PrivacySettings,
}
_NAMED_TABLES: dict[str, type[Struct]] = {
    "providers": ProviderSettings,
    "models": ModelSettings,
    "workspaces": WorkspaceSettings,
}
_ENTRIES: dict[str, Any] = {
    **_NAMED_TABLES,
    "roles": tuple[str, ...],
    "routing.work": Role,
    "routing.kind": Role,
    "budget.roles": Decimal,
    "budget.workspaces": Decimal,
    "budget.people": Decimal,
    "budget.keys": Decimal,
}
"""Tables whose keys are names, and what each name stands for."""
_VALUES: dict[str, tuple[str, ...]] = {
    "default_role": ROLES,
    "work": ROLES,
    "kind": ROLES,
    "auth": get_args(Auth),
    "class": get_args(ModelClass),
    "on_retired": get_args(OnRetired),
    "dialects": DIALECTS,
    "hand_over": get_args(HandOver),
    "at_limit": get_args(AtLimit),
}


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
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error
    _check_keys(path, raw)
    for table, schema in _ENTRIES.items():
        for name, value in _entries(_inner(raw, table)):
            _converted(path, f"{table}.{name}", value, schema)
    settings: Settings = _converted(path, "", {**raw, "source": str(path)}, Settings)
    return settings


def _converted(path: Path, place: str, value: Any, schema: Any) -> Any:
    """The value as its schema has it. msgspec calls a key of a table `[...]`: hence the `place`."""
    try:
        return msgspec.convert(value, schema)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_readable(place, str(error))}") from error


def tables() -> dict[str, tuple[str, ...]]:
    """Every table of the file with its keys; tables that hold named ones are shown as `x.NAME`."""
    plain = {table: schema.__struct_encode_fields__ for table, schema in _TABLES.items()}
    named = {
        f"{table}.NAME": schema.__struct_encode_fields__ for table, schema in _NAMED_TABLES.items()
    }
    rules = {"[privacy.rules]": PrivacyRuleSettings.__struct_encode_fields__}
    return {**plain, **rules, **named, "roles": tuple(ROLES)}


def _check_keys(path: Path, raw: Mapping[str, Any]) -> None:
    _known(path, "", raw, (*_TABLES, *_NAMED_TABLES, "roles"))
    for table, schema in _TABLES.items():
        _known(path, table, raw.get(table), schema.__struct_encode_fields__)
    for table, schema in _NAMED_TABLES.items():
        for name, inner in _entries(raw.get(table)):
            _known(path, f"{table}.{name}", inner, schema.__struct_encode_fields__)
            _known(path, f"{table}.{name}.endpoints", _inner(inner, "endpoints"), DIALECTS)
    for rule in _list(_inner(raw, "privacy.rules")):
        _known(path, "privacy.rules", rule, PrivacyRuleSettings.__struct_encode_fields__)
    _known(path, "roles", raw.get("roles"), ROLES)
    _known(path, "routing.work", _inner(raw, "routing.work"), get_args(Work))
    _known(path, "budget.roles", _inner(raw, "budget.roles"), ROLES)


def _inner(table: Any, path: str) -> Any:
    for key in path.split("."):
        table = table.get(key) if isinstance(table, dict) else None
    return table


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


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


def _readable(place: str, message: str) -> str:
    """Msgspec ends its messages with a path: `… - at `$.server.port``.

    Of a word that is none of a closed set it does not say what the set is.
    """
    what, _, where = message.partition(" - at `$")
    where = (place + where.rstrip("`")).lstrip(".")
    given = what.removeprefix("Invalid enum value ").strip("'")
    names = re.split(r"[.\[]", where)
    valid = next((_VALUES[name] for name in reversed(names) if name in _VALUES), None)
    if given == what or valid is None:
        return f"{where}: {what}"
    return f"{where}: {given!r} is none of {', '.join(valid)}"
