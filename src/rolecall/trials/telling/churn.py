"""Changes of the stack beside what trials and outcomes said when they were made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rolecall.ledger import outcomes
from rolecall.ledger import trials as kept
from rolecall.ledger.store import Ledger
from rolecall.ledger.worlds import reigns
from rolecall.measure.changes import Change, Switch, changes
from rolecall.trials.telling.report import report


def stack_changes(ledger: Ledger, data: Path) -> list[Change]:
    """Every change of who plays a role first that decisions were taken with, oldest first."""
    told = [(one.since, one.world) for one in reigns(ledger)]
    return list(changes(told, list(_switches(ledger, data)), outcomes.newest(ledger)))


def _switches(ledger: Ledger, data: Path) -> Iterator[Switch]:
    """What trials have said, over all kinds or on one of them."""
    for trial in kept.trials(ledger):
        found = report(ledger, data, trial)
        last = max((run.at for run in found.runs), default=trial.at)
        for name in {
            one.contrast.arm.candidate for one in found.found.verdicts if one.word == "switch"
        }:
            yield Switch(trial=trial.id, at=last, before=found.found.first, after=name)
