"""Trials in the ledger: every run once, none forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from ledger.records import AT, record, snapshot
from rolecall.errors import ConfigError, LedgerRefusal
from rolecall.ledger import outcomes
from rolecall.ledger.store import Ledger, open_ledger
from rolecall.ledger.trials import calls_marked, keep_run, keep_trial, runs, spent, trial, trials
from rolecall.types import Record
from rolecall.types.trials import Arm, Run, Trial

TRIAL = Trial(
    id="t-abc",
    at=AT,
    repository="/home/me/project",
    agent="mini-swe-agent",
    candidates=("up/a", "up/b"),
    tasks=("one", "two"),
    budget=Decimal("1.50"),
)
RUN = Run(
    trial="t-abc",
    task="one",
    kind="fix",
    arm=Arm(candidate="up/a"),
    repetition=1,
    at=AT,
    stop="finished",
    solved=True,
    says="solved",
    calls=3,
    cost=Decimal("0.0000012345678901234567"),
    decisions=("d1", "d2", "d3"),
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = open_ledger(tmp_path / "ledger.sqlite")
    found.keep_snapshot(snapshot())
    keep_trial(found, TRIAL)
    yield found
    found.close()


def test_trial_comes_back_as_it_was(ledger: Ledger) -> None:
    """By its id or the beginning of it; newest first in the list; its id is taken once."""
    later = msgspec.structs.replace(TRIAL, id="t-abd", at=AT + timedelta(days=1))
    keep_trial(ledger, later)
    assert trial(ledger, "t-abc") == TRIAL
    assert trial(ledger, "t-abd") == later
    assert trials(ledger) == [later, TRIAL]
    with pytest.raises(LedgerRefusal):
        keep_trial(ledger, TRIAL)


@pytest.mark.parametrize(
    ("given", "says"), [("t-", "several trials begin with 't-'"), ("x%", "there is no trial 'x%'")]
)
def test_trial_that_is_not_one_is_named(ledger: Ledger, given: str, says: str) -> None:
    """A beginning that fits two, or none, is an error that says where to look."""
    keep_trial(ledger, msgspec.structs.replace(TRIAL, id="t-abd"))
    with pytest.raises(ConfigError, match=says + "; `rolecall trial list`"):
        trial(ledger, given)


def test_run_is_kept_once(ledger: Ledger) -> None:
    """Another word on the same run is refused and changes nothing, the outcome included."""
    keep_run(ledger, RUN)
    with pytest.raises(LedgerRefusal, match="has its run of one, up/a, repetition 1 already"):
        keep_run(ledger, msgspec.structs.replace(RUN, solved=False))
    assert runs(ledger, "t-abc") == [RUN]
    assert [one.accepted for one in outcomes.newest(ledger)] == [True]


def test_arms_and_repetitions_are_runs_of_their_own(ledger: Ledger) -> None:
    """The control arm plays the same candidate and is not mistaken for it."""
    control = Arm(candidate="up/a", control=True)
    others = (
        msgspec.structs.replace(RUN, arm=control, decisions=("d4",)),
        msgspec.structs.replace(RUN, repetition=2, decisions=("d5",)),
        msgspec.structs.replace(RUN, task="two", decisions=("d6",)),
    )
    for one in (RUN, *others):
        keep_run(ledger, one)
    assert len(runs(ledger, "t-abc")) == 4


def test_lost_run_is_replaced(ledger: Ledger) -> None:
    """However often it was lost; what lost tries cost counts towards what is spent."""
    lost = msgspec.structs.replace(RUN, stop="lost", solved=None, cost=Decimal("0.25"))
    keep_run(ledger, lost)
    keep_run(ledger, lost)
    done = msgspec.structs.replace(RUN, cost=Decimal("0.50"), wasted=Decimal("0.25"))
    keep_run(ledger, done)
    assert runs(ledger, "t-abc") == [done]
    assert spent([done]) == Decimal("0.75")


def test_outcome_of_a_run_is_told_of_its_first_call(ledger: Ledger) -> None:
    """With the kind, who did it and what it took; a run that nobody judged tells nothing."""
    keep_run(ledger, RUN)
    keep_run(ledger, msgspec.structs.replace(RUN, task="two", solved=None, decisions=("d9",)))
    (told,) = outcomes.newest(ledger)
    assert (told.decision, told.how, told.accepted) == ("d1", "tests", True)
    assert (told.topic, told.deployment, told.calls) == ("fix", "up/a", 3)
    assert told.cost == RUN.cost


def test_calls_are_found_by_their_mark(ledger: Ledger) -> None:
    """Those whose mark begins so, after an id, whoever saw their answer; `%` is a letter."""
    marked = [_marked(number, "trial t-abc run one try 1") for number in (1, 2)]
    ledger.write([*marked, _marked(3, "trial t-abc run two"), record(4)])
    assert calls_marked(ledger, "trial t-abc run one", "") == marked
    assert calls_marked(ledger, "trial t-abc run one", marked[1].decision.id) == marked[1:]
    assert calls_marked(ledger, "trial%", "") == []


def _marked(number: int, why: str) -> Record:
    found = record(number)
    return msgspec.structs.replace(found, request=msgspec.structs.replace(found.request, why=why))
