"""Trials that are in a ledger, made up or simulated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from rolecall.ledger import trials as kept
from rolecall.ledger.store import open_ledger
from rolecall.measure.simulated import Truth, simulated
from rolecall.trials.judging.tasks import trial_folder, write_task
from rolecall.trials.running.begin import papers
from rolecall.types.trials import Arm, Judge, Run, Task, Trial

CONFIG = """
[roles]
plan = ["up/strong"]
code = ["up/a", "up/strong"]
fast = ["up/b"]

[providers.up]
base_url = "http://127.0.0.1:9/v1"
dialects = ["openai.chat"]
auth = "none"
zone = "local"
"""
"""A stack in which `up/a` plays code first; nothing listens there."""


def named(trial: Trial, runs: Sequence[Run], names: Sequence[str]) -> tuple[Trial, list[Run]]:
    """A simulated trial with candidates of a stack in place of its own."""
    known = dict(zip(trial.candidates, names, strict=True))

    def arm(one: Arm) -> Arm:
        return replace(one, candidate=known[one.candidate])

    trial = replace(trial, candidates=tuple(names))
    return trial, [
        replace(run, arm=arm(run.arm), decisions=(f"d{n}",)) for n, run in enumerate(runs)
    ]


def laid(
    home: Path,
    truth: Truth,
    tasks: int,
    *,
    names: Sequence[str] = ("up/a", "up/b"),
    config: str = CONFIG,
    weak: Sequence[str] = (),
) -> tuple[Trial, list[Run]]:
    """A home with a configuration, the tasks of a repository, and a trial whose runs are known."""
    repository = home / "shop"
    (repository / "trials").mkdir(parents=True, exist_ok=True)
    (home / "rolecall.toml").write_text(config)
    trial, runs = named(*simulated(truth, tasks), names)
    trial = replace(trial, repository=str(repository.resolve()))
    data = home / "data" / "rolecall"
    folder = papers(trial_folder(data, repository), trial) / "tasks"
    folder.mkdir(parents=True)
    for number, name in enumerate(trial.tasks):
        task = Task(
            id=name,
            repository=trial.repository,
            base="b",
            request="Do it.",
            kind=truth.kinds[number % len(truth.kinds)],
            judge=Judge(runner="pytest", weak="lets mutants pass" if name in weak else ""),
        )
        write_task(folder, task)
    ledger = open_ledger(data / "ledger.sqlite")
    kept.keep_trial(ledger, trial)
    for run in runs:
        kept.keep_run(ledger, run)
    ledger.close()
    return trial, runs
