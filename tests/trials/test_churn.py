"""Changes of the stack: which were measured, and which are churn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ledger.records import AT, record, snapshot
from rolecall.ledger.store import Ledger, open_ledger
from rolecall.ledger.worlds import reigns
from rolecall.measure.changes import Switch, changes
from rolecall.measure.simulated import Truth
from rolecall.trials.telling.churn import stack_changes
from rolecall.types import Outcome, Retirement, Role, Snapshot
from support.gateway import run_rolecall
from support.trials import laid

DAY = timedelta(days=1)


def world(**first: str) -> Snapshot:
    """A world in which these play their role first."""
    stack: dict[Role, tuple[str, ...]] = {
        role: (first[role],) for role in ("plan", "code", "fast") if role in first
    }
    version = "-".join(first.values())
    return replace(snapshot(version), stack=stack, kind_roles={"fix": "code"})


def outcomes(name: str, accepted: int, failed: int, days: int) -> list[Outcome]:
    one = Outcome(
        decision="", at=AT + days * DAY, how="tests", accepted=True, topic="fix", deployment=name,
        says="",
    )  # fmt: skip
    told = [True] * accepted + [False] * failed
    return [replace(one, decision=f"{name}{n}", accepted=was) for n, was in enumerate(told)]


def priced(told: Sequence[Outcome], cost: str) -> list[Outcome]:
    return [replace(one, cost=Decimal(cost)) for one in told]


def test_a_change_without_a_measurement_is_churn() -> None:
    """Who went before whom, role by role; a role that is new has replaced nobody."""
    told = [
        (AT, world(code="up/a", fast="up/c")),
        (AT + DAY, world(code="up/b", fast="up/c", plan="up/b")),
        (AT + 2 * DAY, world(code="up/a", fast="up/d", plan="up/b")),
    ]
    found = list(changes(told, [], []))
    assert [(one.role, one.before, one.after) for one in found] == [
        ("code", "up/a", "up/b"),
        ("code", "up/b", "up/a"),
        ("fast", "up/c", "up/d"),
    ]
    assert {one.ground for one in found} == {"nothing"}


def test_what_was_measured_before_is_none() -> None:
    """A trial, outcomes or an announced end; a trial that came later excuses nothing."""
    old, new = world(code="up/a"), world(code="up/b")
    told = [(AT, old), (AT + 5 * DAY, new)]
    trial = Switch(trial="t1", at=AT + DAY, before="up/a", after="up/b")
    assert [one.ground for one in changes(told, [trial], [])] == ["trial"]
    late = replace(trial, at=AT + 6 * DAY)
    assert [one.ground for one in changes(told, [late], [])] == ["nothing"]
    other = replace(trial, after="up/c")
    assert [one.ground for one in changes(told, [other], [])] == ["nothing"]
    good, bad = outcomes("up/b", 40, 0, 2), outcomes("up/a", 10, 30, 2)
    both = [*priced(good, "0.1"), *priced(bad, "0.5")]
    assert [one.ground for one in changes(told, [], both)] == ["outcomes"]
    later = [replace(one, at=AT + 9 * DAY) for one in both]
    assert [one.ground for one in changes(told, [], later)] == ["nothing"]
    ends = Retirement(day=(AT + 30 * DAY).date(), successor="up/b")
    ending = replace(old, retirements={"up/a": ends})
    assert [one.ground for one in changes([(AT, ending), told[1]], [], [])] == ["retirement"]


def used(ledger: Ledger, *worlds: Snapshot) -> None:
    """A decision in each world, one after the other."""
    for number, one in enumerate(worlds):
        ledger.keep_snapshot(one)
        made = record(number, version=one.version)
        decision = replace(made.decision, at=AT + number * DAY)
        ledger.write([replace(made, decision=decision)])


def test_a_world_may_come_back(tmp_path: Path) -> None:
    """Worlds are told in the order of their use, not of their making."""
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    one, other = world(code="up/a"), world(code="up/b")
    used(ledger, one, one, other, one)
    assert [reign.world.version for reign in reigns(ledger)] == ["up/a", "up/b", "up/a"]
    assert [reign.since for reign in reigns(ledger)] == [AT, AT + 2 * DAY, AT + 3 * DAY]
    ledger.close()


def test_the_command_names_what_was_measured_and_what_was_not(tmp_path: Path) -> None:
    """A switch after a trial said so, and one that nothing speaks for."""
    laid(tmp_path, Truth(solves=(0.35, 0.85), costs=(0.1, 0.05)), 60)
    ledger = open_ledger(tmp_path / "data" / "rolecall" / "ledger.sqlite")
    used(ledger, world(code="up/a"), world(code="up/b"), world(code="up/z"))
    found = stack_changes(ledger, tmp_path / "data" / "rolecall")
    ledger.close()
    assert [one.ground for one in found] == ["trial", "nothing"]
    done = run_rolecall(tmp_path, "stack", "changes")
    assert done.returncode == 0, done.stderr
    assert "trial simulated-1 says switch" in done.stdout
    assert "1 of 2 changes measured nothing" in done.stdout
    told = msgspec.json.decode(run_rolecall(tmp_path, "stack", "changes", "--json").stdout)
    assert [one["ground"] for one in told] == ["trial", "nothing"]
