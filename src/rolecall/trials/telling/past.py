"""What the ledger and the catalogue know of models before a trial."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from rolecall.config.known import Known, rates_of
from rolecall.errors import ConfigError
from rolecall.ledger import outcomes
from rolecall.ledger import trials as kept
from rolecall.ledger.store import Ledger
from rolecall.trials.telling.plan import Past
from rolecall.types import Rates, Snapshot
from rolecall.types.trials import Run

_NEWEST = 2_000
"""The newest calls that paces are read off."""


def past(
    ledger: Ledger, world: Snapshot, known: Known, repository: Path, models: Sequence[str]
) -> Past:
    """Raises `ConfigError` where a model is at no provider of the configuration."""
    now = world.at
    return Past(
        runs=list(runs_of(ledger, repository)),
        outcomes=outcomes.newest(ledger),
        rates={name: _rates(name, world, known, now) for name in models},
        paces=_paces(ledger),
    )


def runs_of(ledger: Ledger, repository: Path) -> Iterator[Run]:
    """The runs of all trials of a repository."""
    for trial in kept.trials(ledger):
        if Path(trial.repository) == repository.resolve():
            yield from kept.runs(ledger, trial.id)


def _rates(name: str, world: Snapshot, known: Known, now: datetime) -> Rates | None:
    if name in world.deployments:
        return world.deployments[name].rates
    provider, slash, model = name.partition("/")
    if (
        not slash
        or not model
        or (provider not in world.providers and provider not in known.presets)
    ):
        there = ", ".join(sorted({*world.providers, *known.presets}))
        raise ConfigError(f"{name!r} is no provider/model of yours; providers: {there}")
    return rates_of(known, model, provider, now)


def _paces(ledger: Ledger) -> dict[str, float]:
    """Mean seconds of a call, by deployment."""
    told: dict[str, list[float]] = defaultdict(list)
    for record in ledger.newest(_NEWEST):
        for attempt in record.attempts:
            if attempt.outcome == "answered":
                told[attempt.deployment].append(attempt.total)
    return {name: sum(many) / len(many) for name, many in told.items()}
