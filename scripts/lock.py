"""Bring `uv.lock` to `pyproject.toml` (`--upgrade`: to the newest), or `--check` that it fits.

The lock is kept without registry addresses, so that it installs from any index: file names and
hashes stay, `scripts/install.py` exports them as pinned requirements.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "uv.lock"
UV = Path(sys.executable).with_name("uv")
_URL = re.compile(r'url = "[^"]*/([^"/]+)"')
_REGISTRY = re.compile(r'registry = "[^"]*"')


def main() -> None:
    if "--check" in sys.argv[1:]:
        sys.exit(check())
    subprocess.run([UV, "lock", *sys.argv[1:]], cwd=ROOT, check=True)
    LOCK.write_text(without_addresses(LOCK.read_text()))


def check() -> int:
    """0 where the lock names no address and still fits the project's requirements."""
    if LOCK.read_text() != without_addresses(LOCK.read_text()):
        print("uv.lock names a registry; run `make lock`")
        return 1
    before = LOCK.read_text()
    done = subprocess.run([UV, "lock", "--check", "--quiet"], cwd=ROOT, check=False)
    LOCK.write_text(before)
    if done.returncode:
        print("uv.lock does not fit pyproject.toml; run `make lock`")
    return done.returncode


def without_addresses(text: str) -> str:
    return _REGISTRY.sub('registry = "index"', _URL.sub(r'filename = "\1"', text))


if __name__ == "__main__":
    main()
