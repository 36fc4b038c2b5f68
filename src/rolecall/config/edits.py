"""Changes to files of the user: shown first, made whole, and taken back."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from rolecall.config.files import digest, replace
from rolecall.errors import ConfigError

_FOLDER, _MANIFEST = "edits", "edit.json"


class Edit(Struct, frozen=True, kw_only=True):
    """One file, before and after. `before` is None where there is none yet."""

    path: Path
    before: str | None
    after: str


class _Kept(Struct, frozen=True):
    """What the manifest says of one file: where it is, its old text, a digest of the new one."""

    path: str
    before: str | None
    after: str


def diff(edit: Edit) -> Iterator[str]:
    """The change as a unified diff, without line ends and without neighbours.

    A line beside the change may hold a key.
    """
    name = str(edit.path)
    before = (edit.before or "").splitlines()
    lines = difflib.unified_diff(before, edit.after.splitlines(), name, name, lineterm="", n=0)
    return iter(lines)


def make(edits: Sequence[Edit], data: Path, at: datetime) -> Path:
    """Write all files, after what takes them back is on the disk. Returns where that is kept."""
    folder = data / _FOLDER / at.strftime("%Y-%m-%dT%H-%M-%S.%fZ")
    kept = [_Kept(str(e.path.absolute()), e.before, digest(e.after.encode())) for e in edits]
    try:
        folder.mkdir(parents=True)
        folder.chmod(0o700)  # old texts may hold keys
        (folder / _MANIFEST).write_bytes(msgspec.json.encode(kept))
        for edit in edits:
            _write(edit.path.resolve(), edit.after)
    except OSError as error:
        raise ConfigError(f"{error.filename}: cannot be written: {error.strerror}") from error
    return folder


def _write(path: Path, text: str) -> None:
    """Who may read it stays as it was."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    replace(path, text.encode(), mode)


def newest(data: Path) -> Path | None:
    """Where what takes the newest change back is kept."""
    manifests = sorted((data / _FOLDER).glob(f"*/{_MANIFEST}"))
    return manifests[-1].parent if manifests else None


def undo(data: Path) -> list[Path]:
    """Take the newest change back. Raises `ConfigError` where a file was changed since."""
    folder = newest(data)
    if folder is None:
        raise ConfigError("there is no change to take back")
    manifest = folder / _MANIFEST
    kept = msgspec.json.decode(manifest.read_bytes(), type=list[_Kept])
    for one in kept:
        path = Path(one.path)
        if not path.is_file() or digest(path.read_bytes()) != one.after:
            says = "was changed since; compare it by hand with"
            raise ConfigError(f"{path} {says} {manifest}")
    for one in kept:
        if one.before is None:
            Path(one.path).unlink()
        else:
            _write(Path(one.path).resolve(), one.before)
    manifest.unlink()
    folder.rmdir()
    return [Path(one.path) for one in kept]
