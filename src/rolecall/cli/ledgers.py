"""The ledger of a configuration, opened. Apart from `setup`: SQLAlchemy takes 0.2 s to import."""

from __future__ import annotations

from pathlib import Path

from rolecall.cli.setup import ledger_path, settings_offline
from rolecall.ledger.store import Ledger, open_ledger


def ledger(config: Path | None) -> Ledger:
    """The ledger that the configuration names; without a configuration the usual one."""
    return open_ledger(ledger_path(settings_offline(config)))
