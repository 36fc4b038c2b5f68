"""Connect and disconnect: files changed with what takes them back kept first."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from rolecall.config.edits import Edit
from rolecall.config.files import digest, replace
from rolecall.config.machine import Machine
from rolecall.connect.client import Bond, Client, Form, Setting, Target
from rolecall.connect.edits import edited, undone
from rolecall.errors import ConfigError

State = Literal["connected", "changed since", "not connected", "cannot be"]
_FOLDER = "connected"


class Kept(Struct, frozen=True, kw_only=True):
    """A file as it was, and what was put into it.

    `before` is None where there was none; `folders` were made for it.
    """

    path: str
    form: Form
    settings: tuple[Setting, ...]
    before: str | None
    after: str
    mode: int | None = None
    folders: tuple[str, ...] = ()


class Connected(Struct, frozen=True, kw_only=True):
    client: str
    since: datetime
    files: tuple[Kept, ...]


class Change(Struct, frozen=True):
    """What a target makes of its file."""

    target: Target
    edit: Edit


def changes(client: Client, machine: Machine, bond: Bond) -> list[Change]:
    """What connecting would change; nothing where it is done already."""
    found: list[Change] = []
    for target in client.targets(machine, bond):
        before = _read(target.file)
        after = edited(before or "", target)
        if after != before:
            edit = Edit(path=target.file, before=before, after=after)
            found.append(Change(target, edit))
    return found


def connect(client: Client, found: Iterable[Change], data: Path) -> None:
    """Write the files. What an earlier connection kept stays what is restored.

    Raises `ConfigError` where a file has changed since it was read, or cannot be written.
    """
    earlier = {} if (old := kept(client, data)) is None else {k.path: k for k in old.files}
    files = dict(earlier)
    found = list(found)
    for change in found:
        edit = change.edit
        if _read(edit.path) != edit.before:
            raise ConfigError(f"{edit.path} has changed meanwhile; run the command again")
        one = _kept(change)
        first = earlier.get(one.path)
        files[one.path] = one if first is None else _again(first, one)
    record = Connected(client=client.name, since=datetime.now(UTC), files=tuple(files.values()))
    _write(_place(client, data), msgspec.json.encode(record), 0o600)
    for edit in (change.edit for change in found):
        mode = files[str(edit.path.absolute())].mode
        _write(edit.path.resolve(), edit.after.encode(), 0o600 if mode is None else mode)


def _again(first: Kept, one: Kept) -> Kept:
    """Connected once more: what it was stays, what was put into it is new."""
    return msgspec.structs.replace(
        first, after=one.after, settings=_together(first.settings, one.settings)
    )


def _together(first: tuple[Setting, ...], more: tuple[Setting, ...]) -> tuple[Setting, ...]:
    return (*first, *(one for one in more if one not in first))


class Restored(Struct, frozen=True):
    """A file that is as it was, or, where somebody has edited it since, as it was but for that."""

    path: str
    edited: bool


def disconnect(client: Client, data: Path) -> list[Restored]:
    """Restore each file byte for byte; where it was edited since, put back what is ours alone.

    What was made for it is removed. Raises `ConfigError`.
    """
    found = kept(client, data)
    if found is None:
        raise ConfigError(f"{client.name} is not connected")
    restored: list[Restored] = []
    for one in found.files:
        is_edited = _changed(one) and Path(one.path).exists()
        if is_edited:
            _put_back(one)
        else:
            _restore(one)
        restored.append(Restored(one.path, is_edited))
    _place(client, data).unlink()
    return restored


def _put_back(one: Kept) -> None:
    path = Path(one.path)
    before = None if one.before is None else base64.b64decode(one.before).decode()
    target = Target(file=path, form=one.form, settings=one.settings)
    left = undone(_read(path) or "", before, target)
    if left is None:
        _remove(one)
    else:
        _write(path.resolve(), left.encode(), path.stat().st_mode & 0o777)


def state(client: Client, data: Path) -> State:
    found = kept(client, data)
    if found is None:
        return "not connected"
    return "changed since" if any(_changed(one) for one in found.files) else "connected"


def kept(client: Client, data: Path) -> Connected | None:
    place = _place(client, data)
    if not place.is_file():
        return None
    try:
        return msgspec.json.decode(place.read_bytes(), type=Connected)
    except msgspec.DecodeError as error:
        raise ConfigError(f"{place} cannot be read: {error}") from error


def _place(client: Client, data: Path) -> Path:
    return data / _FOLDER / f"{client.name}.json"


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode() if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def _kept(change: Change) -> Kept:
    edit, target = change.edit, change.target
    path = edit.path.absolute()
    missing = [str(folder) for folder in path.parents if not folder.exists()]
    before = None if edit.before is None else base64.b64encode(edit.before.encode()).decode()
    mode = path.stat().st_mode & 0o777 if path.exists() else None
    after = digest(edit.after.encode())
    return Kept(
        path=str(path),
        form=target.form,
        settings=target.settings,
        before=before,
        after=after,
        mode=mode,
        folders=tuple(missing),
    )


def _changed(one: Kept) -> bool:
    path = Path(one.path)
    return not path.exists() or digest(path.read_bytes()) != one.after


def _restore(one: Kept) -> None:
    path = Path(one.path)
    if one.before is not None:
        mode = 0o600 if one.mode is None else one.mode
        _write(path.resolve(), base64.b64decode(one.before), mode)
        return
    _remove(one)


def _remove(one: Kept) -> None:
    """The file, and the folders that were made for it."""
    Path(one.path).unlink(missing_ok=True)
    for folder in map(Path, one.folders):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _write(path: Path, data: bytes, mode: int) -> None:
    try:
        replace(path, data, mode)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
