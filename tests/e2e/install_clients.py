"""Installs the coding clients that the end-to-end tests drive, at pinned versions.

    python tests/e2e/install_clients.py [FOLDER]

The folder is `.clients/` at the root of the repository unless another is named. What is there
already and still matches the pins is left alone. Needs npm with Node 20 or later for Codex, Claude
Code, opencode, Gemini CLI, Continue and pi, and Python 3.12 or later for Mistral Vibe; what is
missing is said, the others are installed, and the exit code is then 1. Uses the standard library
only.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PINS = Path(__file__).parent / "clients"
ROOT = Path(__file__).parents[2]
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")
MARK = "installed.sha256"
NO_PYTHON = (
    "Mistral Vibe is missing: it needs Python 3.12 or later, and none is on PATH, in ~/.pyenv or "
    "known to uv. Install one, then run again. (Debian 12 has only 3.11; pyenv or uv has others.)"
)
NO_NPM = (
    "The clients that are Node programs are missing: there is no npm on PATH. Install Node.js 20 "
    "or later, then run again."
)
NO_OLD_PYTHON = (
    "aider is missing: it needs Python 3.11 or 3.12, and none is on PATH, in ~/.pyenv or known to "
    "uv. Install one, then run again."
)


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0] if arguments else ROOT / ".clients").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    missing = [*install_node(folder / "node")]
    missing += install_python(folder / "vibe", "vibe.txt", find_python(12, 14), NO_PYTHON)
    missing += install_python(folder / "aider", "aider.txt", find_python(11, 12), NO_OLD_PYTHON)
    missing += install_python(folder / "more", "more.txt", sys.executable, "")
    missing += install_python(folder / "sdks", "sdks.txt", sys.executable, "")
    missing += install_python(folder / "oracles", "oracles.txt", sys.executable, "")
    fetch_sources(folder / "sources", "sources.txt")
    for line in missing:
        print(line, file=sys.stderr)
    if not missing:
        print(f"All clients are in {folder}.")
    return 1 if missing else 0


def install_node(target: Path) -> list[str]:
    """Install the npm clients; return what is missing, in words."""
    npm = shutil.which("npm")
    if npm is None:
        return [NO_NPM]
    pins = [PINS / name for name in NPM_FILES]
    if is_current(target, pins):
        return []
    print(f"Installing the npm clients into {target} (about 1.4 GB) …", flush=True)
    target.mkdir(parents=True, exist_ok=True)
    for pin in pins:
        shutil.copy(pin, target)
    subprocess.run([npm, "ci", "--no-progress"], cwd=target, check=True)
    mark(target, pins)
    return []


def install_python(target: Path, pins: str, python: str | None, missing: str) -> list[str]:
    """Install one Python client into an environment of its own; return what is missing."""
    if python is None:
        return [missing]
    file = PINS / pins
    if is_current(target, [file]):
        return []
    print(f"Installing {pins.removesuffix('.txt')} into {target} with {python} …", flush=True)
    uv = find_uv()
    inside = str(target / "bin/python")
    if uv:
        subprocess.run(
            [*uv, "venv", "--quiet", "--clear", "--python", python, str(target)], check=True
        )
        subprocess.run(
            [*uv, "pip", "install", "--quiet", "--python", inside, "-r", str(file)], check=True
        )
    else:
        subprocess.run([python, "-m", "venv", "--clear", str(target)], check=True)
        subprocess.run([inside, "-m", "pip", "install", "--quiet", "-r", str(file)], check=True)
    mark(target, [file])
    return []


def fetch_sources(target: Path, pins: str) -> None:
    """Fetch the source distributions that mining is tried on, by their hashes."""
    file = PINS / pins
    if is_current(target, [file]):
        return
    print(f"Fetching sources into {target} …", flush=True)
    fetch = ("download", "--quiet", "--no-deps", "--no-binary", ":all:", "--require-hashes")
    where = ("--requirement", str(file), "--dest", str(target))
    subprocess.run([sys.executable, "-m", "pip", *fetch, *where], check=True)
    mark(target, [file])


def find_uv() -> list[str] | None:
    """Find uv: beside this Python, as its module, in the checkout's `.venv`, or on PATH."""
    for place in (Path(sys.executable).with_name("uv"), ROOT / ".venv/bin/uv"):
        if place.exists():
            return [str(place)]
    found = shutil.which("uv")
    return [found] if found else None


def find_python(least: int, most: int) -> str | None:
    """Find a Python 3 whose minor version is in the range, the lowest first."""
    for minor in range(least, most + 1):
        for candidate in candidates(minor):
            if runs_as(candidate, minor):
                return candidate
    return None


def candidates(minor: int) -> Iterator[str]:
    """Name the places where a Python 3 of this minor version may be."""
    if sys.version_info[:2] == (3, minor):
        yield sys.executable
    yield from (found for found in [shutil.which(f"python3.{minor}")] if found)
    pyenv = Path.home() / ".pyenv/versions"
    yield from (str(path) for path in sorted(pyenv.glob(f"3.{minor}.*/bin/python3.{minor}")))
    uv = find_uv()
    if uv:
        command = [*uv, "python", "find", "--no-python-downloads", f"3.{minor}"]
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        yield from (line for line in [asked.stdout.strip()] if line)


def runs_as(python: str, minor: int) -> bool:
    """Tell whether it starts and is what its name says; a shim of pyenv may be neither."""
    check = f"import ensurepip, sys; sys.exit(sys.version_info[:2] != (3, {minor}))"
    return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0


def is_current(target: Path, pins: list[Path]) -> bool:
    note = target / MARK
    return note.exists() and note.read_text() == digest(pins)


def mark(target: Path, pins: list[Path]) -> None:
    """Note what was installed; written last, so that a broken installation is done again."""
    (target / MARK).write_text(digest(pins))


def digest(pins: list[Path]) -> str:
    return hashlib.sha256(b"".join(pin.read_bytes() for pin in pins)).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
