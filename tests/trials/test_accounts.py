"""What runs cost, read from the ledger by their marks; and what is kept of private work."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from ledger.records import AT, record, snapshot
from rolecall.gateway.ids import decision_id
from rolecall.ledger.store import Ledger, open_ledger
from rolecall.trials.running.accounts import account, first_id, spent_before
from rolecall.trials.running.bridge import Pin
from rolecall.trials.running.papers import write
from rolecall.trials.running.run import Result, Work, mark_of
from rolecall.types import Limit, Record
from rolecall.types.trials import Arm, RunLimits, Task

ARM = Arm(candidate="up/a")
MARK = mark_of("t", "one", ARM, 1)
PRICE = record(1).attempts[0].cost


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = open_ledger(tmp_path / "ledger.sqlite")
    found.keep_snapshot(snapshot())
    yield found
    found.close()


def call(number: int, mark: str, **changes: object) -> Record:
    """A call with this mark that was answered once."""
    found = record(number)
    request = replace(found.request, why=mark)
    return replace(found, request=request, attempts=found.attempts[:1], **changes)


def test_marks_tell_runs_apart() -> None:
    """Other tasks, arms and repetitions are marked otherwise, and each mark is short."""
    marks = {
        MARK,
        mark_of("t", "two", ARM, 1),
        mark_of("t", "one", Arm(candidate="up/a", control=True), 1),
        mark_of("t", "one", ARM, 2),
        mark_of("u", "one", ARM, 1),
    }
    assert len(marks) == 5
    assert max(map(len, marks)) < 100


def test_a_try_is_told_from_others_of_its_run(ledger: Ledger) -> None:
    """What a lost try cost is not this one's; what another run cost is nobody's here."""
    other = mark_of("t", "two", ARM, 1)
    ledger.write(
        [
            call(1, f"{MARK} try a"),
            call(2, f"{MARK} try b"),
            call(3, f"{MARK} try b"),
            call(4, f"{other} try c"),
            record(5),
        ]
    )
    found = account(ledger, MARK, f"{MARK} try b", after="", candidate="up/a")
    assert PRICE is not None
    assert (found.calls, found.cost, found.others) == (2, 2 * PRICE, PRICE)
    assert found.total == 3 * PRICE
    assert found.decisions == (record(2).decision.id, record(3).decision.id)
    assert (found.input_tokens, found.output_tokens) == (2000, 100)
    assert found.strangers == ()
    assert spent_before(ledger, "t", "") == {MARK: 3 * PRICE, other: PRICE}


def test_price_that_nobody_knows_is_not_nothing(ledger: Ledger) -> None:
    """A call that was answered at an unknown price makes the cost unknown."""
    found = call(1, f"{MARK} try a")
    unknown = replace(found.attempts[0], cost=None)
    ledger.write([replace(found, attempts=(unknown,)), call(2, f"{MARK} try a")])
    told = account(ledger, MARK, f"{MARK} try a", after="", candidate="up/a")
    assert told.cost is None
    assert account(ledger, MARK, "none", after="z", candidate="up/a").cost == Decimal(0)


def test_whoever_answered_in_its_place_is_named(ledger: Ledger) -> None:
    """A call that another deployment answered says nothing of the candidate."""
    ledger.write([call(1, f"{MARK} try a")])
    told = account(ledger, MARK, f"{MARK} try a", after="", candidate="up/b")
    assert told.strangers == ("up/a",)


def test_ids_from_a_moment_on_are_not_before_it() -> None:
    """What is read of the ledger begins where a run did."""
    moment = int(AT.timestamp() * 1000)
    assert decision_id(moment, 0) >= first_id(AT) > decision_id(moment - 1, 2**25 - 1)


def test_no_log_is_kept_of_private_work(ledger: Ledger, tmp_path: Path) -> None:
    """The rule that holds is named in its place; change and verdict are the user's own and stay."""
    found = call(1, f"{MARK} try a")
    limit = Limit(rule="client work", zones=("local",), says="")
    ledger.write([replace(found, decision=replace(found.decision, limits=(limit,)))])
    told = account(ledger, MARK, f"{MARK} try a", after="", candidate="up/a")
    assert told.private == "client work"
    task = Task(id="a/b c", repository="/r", base="b", request="Do it.", kind="fix")
    work = Work(
        trial="t",
        task=task,
        arm=ARM,
        repetition=1,
        agent="x",
        limits=RunLimits(),
        pin=Pin(gateway="http://g", deployment="up/a", mark=MARK),
    )
    result = Result(
        mark="m", began=AT, stop="finished", solved=True, says="", change="+x", log="secret"
    )
    folder = write(tmp_path, work, result, private=told.private)
    assert folder.name.startswith("a-b-c-")
    assert "'client work'" in (folder / "log.txt").read_text()
    assert "secret" not in (folder / "log.txt").read_text()
    assert (folder / "change.diff").read_text() == "+x"
    assert (folder / "change.diff").stat().st_mode & 0o077 == 0
    assert "secret" in (write(tmp_path, work, result, private="") / "log.txt").read_text()
