"""Whose machine this is: where programs keep their settings and their logs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct


class Machine(Struct, frozen=True, kw_only=True):
    """Whose settings: the home folder, and the environment that moves them elsewhere."""

    home: Path
    environ: Mapping[str, str]
    platform: str = sys.platform

    def folder(self, variable: str, default: str) -> Path:
        """Where a variable says, else below the home folder."""
        given = self.environ.get(variable, "")
        return Path(given).expanduser() if given else self.home / default

    def config(self) -> Path:
        """Where programs of this platform keep their settings."""
        if self.platform == "darwin":
            return self.home / "Library/Application Support"
        return self.folder("XDG_CONFIG_HOME", ".config")
