"""Ledgers with a past: conversations decided by the real function, and what became of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec

from rolecall.config.build import build
from rolecall.config.load import load
from rolecall.gateway.ids import decision_id
from rolecall.ledger import outcomes
from rolecall.ledger.store import Ledger, open_ledger
from rolecall.routing.costs import pricing
from rolecall.routing.decide import decide
from rolecall.routing.progress import after, settled
from rolecall.types import (
    Attempt,
    Kind,
    Limit,
    Outcome,
    Record,
    Request,
    Session,
    Signals,
    Snapshot,
    Trajectory,
    Usage,
)
from support.audits import known

STACK = """
[roles]
plan = ["anthropic/claude-opus-5-5", "openai/gpt-6-astra"]
review = ["openai/gpt-6-astra", "anthropic/claude-opus-5-5"]
code = ["anthropic/claude-sonnet-5-5", "openai/gpt-6.1-sol"]
fast = ["openai/gpt-6-luna", "anthropic/claude-haiku-5-5"]
local = ["ollama/qwen3-coder:30b"]

[[privacy.rules]]
name = "client work"
workspaces = ["bank"]

[workspaces.bank]
path = "/srv/bank"
"""
KINDS: tuple[Kind, ...] = ("implement", "fix", "tests", "docs", "debugging", "review", "question")
CLIENTS = ("claude-code", "codex", "opencode", "vibe")
KEYS = {"ANTHROPIC_API_KEY": "unused", "OPENAI_API_KEY": "unused"}
WORKSPACES = ("shop", "bank", "site", None)
_HOME = Limit(rule="client work", zones=("local",), says="the workspace is bank")


def world(file: Path, at: datetime) -> Snapshot:
    """The world of a configuration file."""
    return build(load(file), known(), rules="", at=at)


def conversation(number: int, begun: datetime, there: Snapshot) -> Iterator[Record]:
    """A session: each turn asks for some work, and takes a few steps of a tool loop."""
    dice = random.Random(number)
    session = Session(key=f"thread-{number:06}")
    place = dice.choice(WORKSPACES)
    signals = Signals(client=dice.choice(CLIENTS), client_version="1.0", session=f"s-{number:06}")
    at, size, messages, tests = begun, 8_000, 1, 0
    for turn in range(dice.randint(1, 4)):
        kind = dice.choice(KINDS)
        for step in range(dice.randint(1, 5)):
            fails = kind == "fix" and step > 0
            tests += fails
            request = Request(
                dialect="anthropic.messages",
                workspace=place,
                asked_model="rolecall/auto",
                stream=True,
                body_bytes=size,
                messages=messages,
                tools=12,
                loop_open=step > 0,
                limits=(_HOME,) if place == "bank" else (),
                trajectory=Trajectory(
                    messages=messages,
                    turns=turn + 1,
                    steps=step,
                    tested=tests,
                    tests="failed" if fails else "none",
                    failures=step if fails else 0,
                    same_failures=step - 1 if fails else 0,
                ),
                signals=msgspec.structs.replace(signals, kinds={kind: 0.9} if step == 0 else {}),
            )
            record = answered(number * 1000 + messages, request, session, there, at, dice)
            yield record
            session = gone_on(record, there)
            at += timedelta(seconds=dice.choice((4, 20, 90)))
            size, messages = size + dice.randint(2_000, 20_000), messages + 2
        at += timedelta(minutes=dice.choice((1, 3, 40)))


def answered(
    draw: int,
    request: Request,
    session: Session,
    there: Snapshot,
    at: datetime,
    dice: random.Random,
) -> Record:
    """The request decided at a moment, and answered if anybody may play."""
    now = msgspec.structs.replace(there, at=at)
    id_ = decision_id(int(at.timestamp() * 1000), draw & 0x1FFFFFF)
    decision = decide(request, now, session, id=id_)
    attempts: tuple[Attempt, ...] = ()
    if decision.chosen is not None:
        name = decision.chosen.deployment
        tokens = request.body_bytes // 4
        read = session.tokens if session.deployment == name else 0
        usage = Usage(
            input_tokens=tokens,
            output_tokens=dice.randint(50, 900),
            cache_read_input_tokens=min(read, tokens),
            cache_write_input_tokens=0,
        )
        seconds = dice.uniform(0.6, 9)
        cost = pricing(known().prices, there)(name, usage, at)
        attempts = (
            Attempt(
                deployment=name,
                started=at,
                outcome="answered",
                status=200,
                time_to_first_chunk=seconds / 4,
                total=seconds,
                response_model=name.partition("/")[2],
                usage=usage,
                cost=cost,
            ),
        )
    return Record(
        decision=decision,
        request=request,
        session=session,
        health={},
        attempts=attempts,
        status=200 if attempts else 503,
        total=attempts[0].total if attempts else 0.001,
    )


def gone_on(record: Record, there: Snapshot) -> Session:
    """What is in force after a record."""
    if not record.attempts:
        return record.session
    attempt = record.attempts[0]
    deployment = there.deployments[attempt.deployment]
    provider = there.providers[deployment.provider]
    later = after(record.session, record.request, record.decision, attempt.deployment)
    return settled(later, record.request, attempt, provider, deployment.rates, None)


def outcome_of(record: Record) -> Outcome | None:
    """What became of a turn: the better the class, the likelier that it was accepted."""
    if record.request.loop_open or not record.attempts or record.decision.kind is None:
        return None
    dice = random.Random(record.decision.id)
    name = record.attempts[0].deployment
    good = {"frontier": 0.92, "coding": 0.85, "fast": 0.7}
    chosen = record.decision.chosen
    chance = good.get(str(chosen.model_class) if chosen else "", 0.6)
    accepted = dice.random() < chance
    return Outcome(
        decision=record.decision.id,
        at=record.decision.at,
        how="tests",
        accepted=accepted,
        topic=record.decision.kind,
        deployment=name,
        says="the tests passed" if accepted else "the tests failed",
        calls=3,
        cost=record.attempts[0].cost or Decimal(0),
    )


def fill(
    path: Path, there: Snapshot, begun: datetime, *, sessions: int, every: timedelta
) -> list[Record]:
    """A ledger with so many sessions, one after the other; what was written."""
    ledger = open_ledger(path)
    try:
        ledger.keep_snapshot(there)
        records = [
            record
            for number in range(sessions)
            for record in conversation(number, begun + number * every, there)
        ]
        ledger.write(records)
        outcomes.keep(ledger, [one for record in records if (one := outcome_of(record))])
    finally:
        ledger.close()
    return records


def multiply(ledger: Ledger, records: Sequence[Record], times: int, every: timedelta) -> int:
    """The same records again and again, each time under new ids and sessions; how many."""
    written = 0
    for again in range(1, times + 1):
        first = again * len(records)
        copies = [
            _copy(record, again, first + place, again * every)
            for place, record in enumerate(records)
        ]
        ledger.write(copies)
        written += len(copies)
    return written


def _copy(record: Record, again: int, draw: int, later: timedelta) -> Record:
    at = record.decision.at + later
    id_ = decision_id(int(at.timestamp() * 1000), draw & 0x1FFFFFF)
    signals = record.request.signals
    named = msgspec.structs.replace(signals, session=f"{signals.session}-{again}")
    return msgspec.structs.replace(
        record,
        decision=msgspec.structs.replace(record.decision, id=id_, at=at),
        request=msgspec.structs.replace(record.request, signals=named),
    )
