"""What the script `test` of a `package.json` starts, and with which options."""

from __future__ import annotations

import re
import shlex
from pathlib import Path, PurePosixPath

import msgspec
from msgspec import Struct

from rolecall.errors import TrialError
from rolecall.trials.judging.runners.table import Form

_PROGRAMS: dict[str, Form] = {
    "vitest": "vitest",
    "jest": "jest",
    "mocha": "mocha",
    "_mocha": "mocha",
    "node": "node",
}
_WITH_VALUE = frozenset(
    {"-r", "--require", "-c", "--config", "--import", "--loader", "--extension"}
)
"""Options whose value is the next word; of the other words only those with a dash are options."""
_SET = re.compile(r"[A-Za-z_]\w*=")
_SHELL = re.compile(r"[;|&<>`$()]")


class _Package(Struct):
    scripts: dict[str, str] = {}


class Script(Struct, frozen=True, kw_only=True):
    """How tests are started. `exit` where it is anything else, which is run as it is."""

    form: Form
    options: tuple[str, ...] = ()
    environ: dict[str, str] = {}


def script_of(path: Path) -> Script:
    """The script of this `package.json`. Raises `TrialError` where there is none to read."""
    try:
        text = msgspec.json.decode(path.read_bytes(), type=_Package).scripts.get("test", "")
    except OSError as error:
        raise TrialError(f"{path}: cannot be read: {error.strerror}; give --command") from error
    except msgspec.DecodeError as error:
        raise TrialError(f"{path}: {error}; mend it, or give --command") from error
    if not text:
        raise TrialError(f"{path}: has no script 'test'; write one, or give --command")
    return parsed(text)


def parsed(text: str) -> Script:
    """A plain call of a runner we can hear, with its options; or whatever it is."""
    if _SHELL.search(text):
        return Script(form="exit")
    words = [word for word in shlex.split(text) if word not in {"npx", "cross-env"}]
    count = next((at for at, word in enumerate(words) if not _SET.match(word)), len(words))
    environ = dict(word.split("=", 1) for word in words[:count])
    program, rest = words[count : count + 1], words[count + 1 :]
    form = _PROGRAMS.get(PurePosixPath(program[0]).name) if program else None
    if form is None or (form == "node" and "--test" not in rest):
        return Script(form="exit")
    return Script(form=form, options=tuple(_options(rest)), environ=environ)


def _options(words: list[str]) -> list[str]:
    found = []
    for at, word in enumerate(words):
        if word in _WITH_VALUE:
            found += words[at : at + 2]
        elif word.startswith("-") and not word.startswith(("--test", "--watch", "--reporter")):
            found.append(word)
    return found
