"""How a conversation goes on: what is in force after a call, what a request tells of earlier work.

Pure, so that the ledger's records bring every session back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from rolecall.routing.candidates import find
from rolecall.routing.roles import topic_of
from rolecall.types import (
    Attempt,
    Decision,
    Ground,
    How,
    Latch,
    Outcome,
    Provider,
    Rates,
    Reach,
    Record,
    Request,
    Session,
    Snapshot,
    Turn,
    Usage,
    Warm,
)

_KEEPING: tuple[Ground, ...] = ("text", "hint", "default")
_RECENT = 0.3
"""How much of a running mean the newest call is."""
_LEAST_CACHED = 1024
"""Tokens below which no provider caches by itself (OpenAI's guide to prompt caching)."""


def after(session: Session, request: Request, decision: Decision, deployment: str) -> Session:
    """What is in force once `deployment` has answered. Counting tokens changes nothing."""
    if request.endpoint == "count_tokens":
        return session
    keeps = decision.reason.ground in _KEEPING
    return msgspec.structs.replace(
        session,
        role=decision.role,
        kept=decision.role if keeps else session.kept,
        deployment=deployment,
        turns=session.turns + 1,
        players=tuple(dict.fromkeys((*session.players, deployment))),
        holder=None,
        last=decision.at,
        messages=request.messages,
        private=tuple(dict.fromkeys((*session.private, *(one.rule for one in request.limits)))),
        turn=_turn(session.turn, request, decision, deployment),
        latch=_latch(session, decision),
    )


def _turn(turn: Turn | None, request: Request, decision: Decision, deployment: str) -> Turn:
    """The piece of work under way. A new one begins where a person spoke, or somebody took over."""
    seen = request.trajectory
    first = decision.boundary is not None and decision.boundary.cause == "first"
    begins = first or (decision.latch is not None and decision.latch.decision == decision.id)
    if turn is None or begins or seen.turns != turn.turns or seen.messages < turn.messages:
        return Turn(
            decision=decision.id,
            topic=topic_of(decision.kind, decision.role),
            deployment=deployment,
            messages=seen.messages,
            turns=seen.turns,
            tested=seen.tested,
            edits=seen.edits,
        )
    told = seen.tests if seen.tested > turn.tested else turn.told
    return msgspec.structs.replace(turn, deployment=deployment, told=told)


def _latch(session: Session, decision: Decision) -> Latch | None:
    """The escalation in force; a chore in between, or a provider's hold, leaves it as it is."""
    if decision.boundary is not None and decision.boundary.cause in {"apart", "held"}:
        return session.latch
    latch = decision.latch
    return None if latch is None else msgspec.structs.replace(latch, calls=latch.calls + 1)


def settled(
    session: Session,
    request: Request,
    answered: Attempt,
    provider: Provider,
    rates: Rates | None,
    extra: Decimal | None,
) -> Session:
    """With what the provider reported: sizes, what it has cached, what was spent.

    `extra` is what this call would not have cost with whom an escalation has taken over from.
    """
    if request.endpoint == "count_tokens":
        return session
    usage, cost = answered.usage, answered.cost
    turn = None if session.turn is None else _paid(session.turn, cost, extra)
    if usage is None:
        return msgspec.structs.replace(session, turn=turn)
    growth = max(usage.input_tokens - session.tokens, 0) if session.tokens else 0
    warm = dict(session.warm)
    before = warm.get(answered.deployment)
    warm[answered.deployment] = _warm(usage, provider, rates, answered.started, before)
    marks = rates is not None and rates.cache_write is not None
    wrote = usage.cache_write_input_tokens > 0 or usage.cache_read_input_tokens > 0
    return msgspec.structs.replace(
        session,
        body_bytes=request.body_bytes,
        tokens=usage.input_tokens,
        growth=_mean(session.growth, growth),
        written=_mean(session.written, usage.output_tokens),
        warm=warm,
        writes=wrote if marks else session.writes,
        spent=session.spent + (cost or 0),
        turn=turn,
    )


def _warm(
    usage: Usage, provider: Provider, rates: Rates | None, at: datetime, before: Warm | None
) -> Warm:
    """What the provider has cached now: what it says it wrote, or as much as it did the last time.

    Nobody says what will be read again where caching has no price: `reach` is learnt from calls.
    """
    seconds = provider.cache_seconds
    if usage.cache_write_1h_input_tokens:
        seconds = provider.long_seconds
    marked = rates is not None and rates.cache_write is not None
    known = usage.cache_read_input_tokens + usage.cache_write_input_tokens
    reach = _reach(usage, at, before)
    if not marked:
        by_default = usage.input_tokens if usage.input_tokens >= _LEAST_CACHED else 0
        kept = {"all": usage.output_tokens + usage.input_tokens, "input": usage.input_tokens}
        known = by_default if reach == "unknown" else kept.get(reach, 0)
    return Warm(known, at, seconds, usage.input_tokens, reach)


def _reach(usage: Usage, at: datetime, before: Warm | None) -> Reach:
    """What this call read of the one before it, where that was recent enough to tell."""
    if before is None or not before.input or at - before.at > timedelta(seconds=before.seconds):
        return "unknown" if before is None else before.reach
    if usage.input_tokens < before.input:
        return before.reach  # the conversation was cut: another beginning
    if usage.cache_read_input_tokens > before.input:
        return "all"
    return "input" if usage.cache_read_input_tokens else "nothing"


def _mean(before: float, new: int) -> float:
    return float(new) if not before else round(before + _RECENT * (new - before), 1)


def _paid(turn: Turn, cost: Decimal | None, extra: Decimal | None) -> Turn:
    """The price of a piece of work is unknown from the first call on whose price is."""
    total = None if turn.cost is None or cost is None else turn.cost + cost
    more = turn.extra if extra is None else (turn.extra or Decimal(0)) + extra
    return msgspec.structs.replace(turn, calls=turn.calls + 1, cost=total, extra=more)


def told(request: Request, session: Session, at: datetime) -> tuple[Outcome, ...]:
    """What a request says of the piece of work before it."""
    turn = session.turn
    if turn is None or request.endpoint == "count_tokens" or turn.calls == 0:
        return ()
    return tuple(
        Outcome(
            decision=turn.decision,
            at=at,
            how=how,
            accepted=accepted,
            topic=turn.topic,
            deployment=turn.deployment,
            says=says,
            calls=turn.calls,
            cost=turn.cost,
            extra=turn.extra,
        )
        for how, accepted, says in _findings(request, session, turn)
    )


def _findings(request: Request, session: Session, turn: Turn) -> Iterator[tuple[How, bool, str]]:
    seen = request.trajectory
    ran = seen.tested - turn.tested
    speaks = seen.turns > turn.turns
    if ran > 0 and (speaks or seen.tests != turn.told):  # at the end again, with all it took
        yield (
            "tests",
            seen.tests == "passed",
            f"the tests {seen.tests} ({ran} run{'s' if ran > 1 else ''})",
        )
    if not speaks:
        same = request.messages == session.messages and request.body_bytes == session.body_bytes
        if same and not request.loop_open:
            yield "retry", False, "the same request came again"
        return
    if seen.pushed_back:
        yield "pushback", False, "the person objects"
    elif seen.edits > turn.edits:
        count = seen.edits - turn.edits
        yield "edits", True, f"{count} edits went in, and nobody objects"


def reported(
    record: Record,
    known: Sequence[Outcome],
    *,
    how: How,
    accepted: bool,
    says: str,
    at: datetime,
) -> Outcome | None:
    """What somebody says of the work that began with a decision; None where nobody answered it.

    What it took is taken over from what is `known` of it, else it is that of this one call.
    """
    answered = next((one for one in record.attempts if one.outcome == "answered"), None)
    if answered is None:
        return None
    before = max(known, key=lambda one: one.calls, default=None)
    decision = record.decision
    return Outcome(
        decision=decision.id,
        at=at,
        how=how,
        accepted=accepted,
        topic=topic_of(decision.kind, decision.role),
        deployment=answered.deployment,
        says=says,
        calls=1 if before is None else before.calls,
        cost=answered.cost if before is None else before.cost,
        extra=None if before is None else before.extra,
    )


def resumed(record: Record, snapshot: Snapshot) -> Session | None:
    """The session as it was after a record; None where nothing was answered in it."""
    answered = record.attempts[-1] if record.attempts else None
    if answered is None or answered.outcome != "answered" or record.status != 200:
        return None
    deployment = find(answered.deployment, snapshot)
    provider = snapshot.providers.get(deployment.provider)
    if provider is None:
        return None
    session = after(record.session, record.request, record.decision, answered.deployment)
    return settled(session, record.request, answered, provider, deployment.rates, record.extra)


def work_of(record: Record) -> str:
    """The decision that began the work: this one, the escalation's, or that of the turn."""
    latch, turn = record.decision.latch, record.session.turn
    if latch is not None:
        return latch.decision
    goes_on = record.decision.boundary is not None and record.decision.boundary.cause == "loop"
    return turn.decision if goes_on and turn is not None else record.decision.id
