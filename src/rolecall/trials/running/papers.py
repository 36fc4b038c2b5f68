"""What is kept of a run beside its row in the ledger: its change, its log, what the judge said."""

from __future__ import annotations

import re
from pathlib import Path

from rolecall.config import files
from rolecall.trials.running.run import Result, Work

CHANGE, LOG, JUDGE = "change.diff", "log.txt", "judge.txt"
_MODE = 0o600
"""They hold the user's source: nobody else on this machine reads them."""


def folder_of(trials: Path, work: Work) -> Path:
    """Where a run's papers are, in the folder of its repository's trials."""
    told = work.pin.mark.rpartition(" ")[2]
    name = re.sub(r"[^\w.-]+", "-", work.task.id)[:60]
    return trials / "runs" / work.trial / f"{name}-{told}"


def write(trials: Path, work: Work, result: Result, *, private: str) -> Path:
    """Write them. Of private work no log is kept: it holds what was said to the model."""
    folder = folder_of(trials, work)
    log = result.log
    if private:
        log = f"No log is kept: the rule {private!r} holds for this work.\n"
    for name, text in ((CHANGE, result.change), (LOG, log), (JUDGE, result.verdict)):
        files.replace(folder / name, text.encode("utf-8", "surrogateescape"), _MODE)
    return folder
