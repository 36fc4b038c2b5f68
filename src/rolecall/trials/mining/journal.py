"""What was replayed already: a line for each commit, written as soon as it is known."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

import msgspec
from msgspec import Struct

from rolecall.errors import TrialError
from rolecall.trials.mining.candidates import Reason

VERSION = "1"
"""Changes whenever the same commit would be judged otherwise; then all is replayed again."""
_NAME, _LOCK = "mined.jsonl", "mining.lock"


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a commit: the id of its task, or why it is none.

    `key` names how it was replayed. `weak` and `seconds` are those of its judge.
    """

    commit: str
    key: str
    task: str = ""
    reason: Reason | None = None
    says: str = ""


def key_of(form: str, command: Sequence[str]) -> str:
    """What has to be the same for a replay to be worth what it was."""
    told = "\0".join((VERSION, form, *command)).encode("utf-8", "surrogateescape")
    return blake2b(told, digest_size=6).hexdigest()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else mines into this folder meanwhile. Raises `TrialError` where somebody does."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise TrialError(f"{folder}: another `rolecall trial mine` is at work here") from error
        yield


def entries(folder: Path, key: str) -> dict[str, Entry]:
    """What is known of commits under this key. A line that was half written is passed over."""
    try:
        lines = (folder / _NAME).read_bytes().splitlines()
    except FileNotFoundError:
        return {}
    decoder = msgspec.json.Decoder(Entry)
    found = {}
    for line in lines:
        try:
            entry = decoder.decode(line)
        except msgspec.DecodeError:
            continue
        if entry.key == key:
            found[entry.commit] = entry
    return found


def keep(folder: Path, entry: Entry) -> None:
    """Add a line. One that was cut off by a crash gets its end first."""
    with (folder / _NAME).open("ab+") as file:
        if file.tell():
            file.seek(-1, 2)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(msgspec.json.encode(entry) + b"\n")
