"""Install rolecall for development into `.venv`, at the versions that `uv.lock` pins.

The lock names files and hashes but no registry: packages come from whatever index this machine
is set up to use. Plain Python, so that it runs before anything is installed.

Usage: python scripts/install.py [GROUP ...]    dependency groups beside the default ones
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if sys.platform == "win32" else "bin")
UV = "uv>=0.13,<0.14"


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 (this runs before anything has checked)
        sys.exit(f"rolecall needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    if not (BIN / "python").exists():
        print(f"making {VENV}")
        venv.create(VENV, with_pip=True)
    if not (BIN / "uv").exists():
        run(BIN / "python", "-m", "pip", "install", "--quiet", UV)
    pins = VENV / "pins.txt"
    groups = [part for name in sys.argv[1:] for part in ("--group", name)]
    run(
        *(BIN / "uv", "export", "--quiet", "--frozen", "--no-emit-project", "--extra", "local"),
        *("--extra", "ui", "--extra", "trials"),
        *groups,
        *("--output-file", pins),
    )
    install = (
        BIN / "uv",
        "pip",
        "install",
        "--quiet",
        "--compile-bytecode",
        "--python",
        BIN / "python",
    )
    run(*install, "--require-hashes", "--no-deps", "--requirements", pins)
    run(*install, "--no-deps", "--editable", ROOT)


def run(*command: str | Path) -> None:
    """Run in the project's folder, and end with its exit code where it fails."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(f"failed: {' '.join(str(part) for part in command)}")


if __name__ == "__main__":
    main()
