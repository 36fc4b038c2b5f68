"""A week for a team lead, from logs and from the ledger."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec

from ledger.records import record, snapshot
from rolecall.audit.weekly import Past, Weekly, weekly
from rolecall.ledger.store import open_ledger
from rolecall.measure.premium import premium
from rolecall.types import Candidate, Justification, Limit, Outcome, Record
from support.audits import AT, ask, audited, known
from support.gateway import run_rolecall
from support.histories import CODING, ClaudeLog, Used

OPUS, SONNET = "claude-opus-5-5", "claude-sonnet-5-5"
WEEK = timedelta(days=7)
KEPT = Limit(rule="secrets", zones=("local",), says="a secret is in it")


def of_opus(number: int, why: str | None, usd: str) -> Record:
    """A record in which the strongest class answered, with a justification or without."""
    found = record(number)
    told = None if why is None else Justification(kind="stack", says=why)
    dear = Candidate(deployment="up/a", model_class="frontier", forecast=None, justification=told)
    decision = msgspec.structs.replace(found.decision, at=AT, cascade=(dear,))
    [answered, *_] = found.attempts
    attempts = (msgspec.structs.replace(answered, cost=Decimal(usd)),)
    return msgspec.structs.replace(found, decision=decision, attempts=attempts)


def private(number: int, *, refused: bool) -> Record:
    found = record(number)
    request = msgspec.structs.replace(found.request, limits=(KEPT,))
    cascade = () if refused else found.decision.cascade
    decision = msgspec.structs.replace(found.decision, at=AT, cascade=cascade)
    attempts = () if refused else found.attempts
    return msgspec.structs.replace(found, request=request, decision=decision, attempts=attempts)


def verdict(decision: str, *, accepted: bool, at: datetime = AT) -> Outcome:
    return Outcome(
        decision=decision,
        at=at,
        how="tests",
        accepted=accepted,
        topic="fix",
        deployment="up/a",
        says="the tests",
    )


def told(home: Path) -> Weekly:
    """A week with known answers."""
    log = ClaudeLog(home, "old", start=AT - timedelta(days=10))
    log.turn(CODING, SONNET, [Used(input=1_000_000, output=0)])
    log = ClaudeLog(home, "new", start=AT - timedelta(days=2))
    log.turn(CODING, SONNET, [Used(input=1_000_000, output=0)] * 2)
    ClaudeLog(home, "dear", start=AT - timedelta(days=1)).turn(CODING, OPUS, [Used(input=100_000)])
    _, scene = audited(ask(home))
    since = AT - WEEK
    routed = [
        of_opus(1, "plays plan in the stack", "0.50"),
        of_opus(2, None, "0.25"),
        private(3, refused=False),
        private(4, refused=False),
        private(5, refused=True),
    ]
    outcomes = [
        verdict(routed[0].decision.id, accepted=True),
        verdict(routed[1].decision.id, accepted=False),
        verdict("long-ago", accepted=True, at=since - timedelta(days=1)),
    ]
    past = Past(
        pieces=[piece for piece in scene.pieces if piece.at >= since],
        pieces_before=[piece for piece in scene.pieces if piece.at < since],
        routed=routed,
        outcomes=outcomes,
        premium=premium(routed, outcomes),
        habits=(),
    )
    return weekly(past, known(), since, AT)


def test_a_week_with_known_answers(tmp_path: Path) -> None:
    """Spending beside the week before, what stayed home, the strongest class, outcomes."""
    found = told(tmp_path)
    dear = next(one for one in found.by_model if one.name.endswith(OPUS))
    assert found.before > 0
    assert found.cost == 2 * found.before + dear.cost
    assert (found.private.kept, found.private.refused) == (2, 1)
    assert found.private.rules == ("secrets",)
    assert [(one.cost, one.says) for one in found.justified] == [
        (Decimal("0.50"), "plays plan in the stack")
    ]
    assert [one.cost for one in found.unjustified] == [Decimal("0.25")]
    assert found.premium_elsewhere == dear.cost
    assert (found.accepted, found.failed) == (1, 1)


def test_the_command_reads_logs_and_ledger(tmp_path: Path) -> None:
    """As a team lead runs it on Monday; without a week it says which reports there are."""
    now = datetime.now(UTC)
    log = ClaudeLog(tmp_path, "new", start=now - timedelta(days=1))
    log.turn(CODING, OPUS, [Used(input=100_000)])
    path = tmp_path / "data/rolecall/ledger.sqlite"
    path.parent.mkdir(parents=True)
    one = of_opus(1, None, "0.25")
    fresh = msgspec.structs.replace(one.decision, at=now - timedelta(days=2))
    with closing(open_ledger(path)) as ledger:
        ledger.keep_snapshot(snapshot())
        ledger.write([msgspec.structs.replace(one, decision=fresh)])
    env = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    done = run_rolecall(tmp_path, "report", "--weekly", env=env)
    assert done.returncode == 0, done.stderr
    assert "$0 justified, $0.250 without a reason; $0." in done.stdout
    assert "past rolecall, where nobody asked why" in done.stdout
    assert run_rolecall(tmp_path, "report", env=env).returncode == 2


def test_an_empty_week_is_told_as_such(tmp_path: Path) -> None:
    """Nothing was logged and nothing was routed."""
    env = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    done = run_rolecall(tmp_path, "report", "--weekly", "--json", env=env)
    assert done.returncode == 0, done.stderr
    assert msgspec.json.decode(done.stdout)["cost"] == "0"
