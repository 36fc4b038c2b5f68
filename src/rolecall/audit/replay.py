"""The same past through another stack, with the real decision function.

What is known of each call: its size, its place in the conversation, what the client says it was,
the kinds its words asked for, the folder. What is not: its text, so that rules of privacy which
look into contents cannot hold here. Its tokens are taken to be the same with any model, and a cache
to be lost with each change of model. Quality is not made up: it is what verified outcomes say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

import msgspec
from msgspec import Struct

from rolecall.audit.history import Call, Counts
from rolecall.audit.pieces import Piece
from rolecall.audit.tariffs import Tariffs
from rolecall.measure.binomial import Interval, wilson
from rolecall.privacy.policy import Circumstances, Found, Policy
from rolecall.routing.decide import decide
from rolecall.routing.progress import after, settled
from rolecall.types import (
    Attempt,
    Decision,
    Dialect,
    Limit,
    Request,
    Role,
    Session,
    Signal,
    Signals,
    Snapshot,
    Standing,
    Trajectory,
    Work,
)

_BYTES = 4
"""Bytes of a body for each token of its input, as `routing.forecast` has it."""
_DIALECTS: dict[str, Dialect] = {
    "claude-code": "anthropic.messages",
    "codex": "openai.responses",
    "gemini-cli": "google.gemini",
}
"""What clients speak; the others speak chat completions."""
NOBODY = "nobody"


class Fared(Struct, frozen=True, kw_only=True):
    """What verified outcomes say of a model on a topic; `share` is None without any."""

    accepted: int
    of: int
    share: Interval | None


class Shift(Struct, frozen=True, kw_only=True):
    """Turns that another model would play, and why; `before` and `now` are USD."""

    topic: str
    role: Role
    was: str
    would: str
    says: str
    turns: int
    before: Decimal
    now: Decimal
    was_fared: Fared
    would_fare: Fared


class WhatIf(Struct, frozen=True, kw_only=True):
    """The past as it was and as it would have been. USD of calls with a price on both sides."""

    stack: Mapping[Role, str]
    """Who plays each role first."""
    turns: int
    calls: int
    unpriced: int
    before: Decimal
    now: Decimal
    same: int
    """Turns that the same model would play."""
    local: int
    """Turns that would stay on this machine, `refused` those that nobody might play."""
    refused: int
    private: int
    """Turns that a rule of privacy keeps at home or in a zone, by their folder."""
    shifts: tuple[Shift, ...]


class Played(Struct, frozen=True, kw_only=True):
    """A piece with who would play it. `deployment` is `NOBODY` where nobody may."""

    piece: Piece
    deployment: str
    role: Role
    says: str
    before: Decimal
    now: Decimal
    unpriced: int
    limits: tuple[Limit, ...]
    local: bool


def what_if(
    pieces: Sequence[Piece],
    world: Snapshot,
    tariffs: Tariffs,
    policy: Policy,
    progress: Callable[[int, int], None],
) -> WhatIf:
    """What the pieces would have cost in this world, and who would have played them."""
    player = _Player(world, tariffs, policy)
    played: list[Played] = []
    for number, piece in enumerate(pieces, 1):
        played.append(player.play(piece))
        progress(number, len(pieces))
    turns = [one for one in played if one.piece.work == "turn"]
    return WhatIf(
        stack={role: cascade[0] for role, cascade in world.stack.items() if cascade},
        turns=len(turns),
        calls=sum(len(one.piece.bills) for one in played),
        unpriced=sum(one.unpriced for one in played),
        before=sum((one.before for one in played), Decimal(0)),
        now=sum((one.now for one in played), Decimal(0)),
        same=sum(one.deployment == one.piece.served.name for one in played),
        local=sum(one.local for one in played),
        refused=sum(one.deployment == NOBODY for one in played),
        private=sum(bool(one.limits) for one in played),
        shifts=_shifts(played, pieces),
    )


class _Player:
    """Plays pieces in their order. Holds what would be in force in each conversation."""

    def __init__(self, world: Snapshot, tariffs: Tariffs, policy: Policy) -> None:
        self._world = world
        self._tariffs = tariffs
        self._policy = policy
        self._sessions: dict[tuple[str, str, str], Session] = {}

    def play(self, piece: Piece) -> Played:
        thread = piece.thread
        key = (thread.client, thread.session, piece.work if piece.work != "turn" else "")
        session = self._sessions.get(key) or Session(key=" ".join(key))
        limits = self._limits(thread.workspace)
        before = now = Decimal(0)
        unpriced = 0
        decision: Decision | None = None
        name = NOBODY
        for step, bill in enumerate(piece.bills):
            request = _request(piece, bill.call, step, limits)
            world = msgspec.structs.replace(self._world, at=bill.call.at)
            decision = decide(request, world, session, id="")
            if decision.chosen is None:
                name = NOBODY
                continue
            name = decision.chosen.deployment
            counts = _counts(bill.call, session, name, world, same=name == bill.served.name)
            cost = self._tariffs.deployment(name).cost(counts, bill.call.at)
            session = self._go_on(session, request, decision, counts, cost, world)
            if cost is None or bill.cost is None:
                unpriced += 1
            else:
                before, now = before + bill.cost, now + cost
        self._sessions[key] = session
        assert decision is not None  # noqa: S101 (a piece has a call)
        return Played(
            piece=piece,
            deployment=name,
            role=decision.role,
            says=decision.reason.says,
            before=before,
            now=now,
            unpriced=unpriced,
            limits=limits,
            local=name != NOBODY and self._is_local(name),
        )

    def _limits(self, folder: str) -> tuple[Limit, ...]:
        found = Found(folders=frozenset({folder})) if folder else Found()
        return self._policy.limits(Circumstances(), found)

    def _is_local(self, name: str) -> bool:
        return self._world.providers[name.partition("/")[0]].zone == "local"

    def _go_on(
        self,
        session: Session,
        request: Request,
        decision: Decision,
        counts: Counts,
        cost: Decimal | None,
        world: Snapshot,
    ) -> Session:
        """The conversation after an answer, as the gateway keeps it."""
        assert decision.chosen is not None  # noqa: S101 (somebody plays)
        name = decision.chosen.deployment
        provider = world.providers[name.partition("/")[0]]
        attempt = Attempt(
            deployment=name,
            started=world.at,
            outcome="answered",
            usage=counts.usage,
            cost=cost,
        )
        known = world.deployments.get(name)
        rates = None if known is None else known.rates
        later = after(session, request, decision, name)
        return settled(later, request, attempt, provider, rates, None)


def _counts(call: Call, session: Session, name: str, world: Snapshot, *, same: bool) -> Counts:
    """The tokens of a call with another model: what it had read before is cached, while warm.

    With the model that did answer, and that would have answered before too, they are as they were.
    """
    counts = call.counts
    if same and session.deployment in (None, name):
        return counts
    known = world.deployments.get(name)
    rates = None if known is None else known.rates
    warm = session.warm.get(name)
    read = 0
    if warm is not None and world.at - warm.at <= timedelta(seconds=warm.seconds):
        read = min(warm.tokens or warm.input, counts.input)
    if rates is None or rates.cache_read is None:
        read = 0
    marks = rates is not None and rates.cache_write is not None
    write = counts.input - read if marks and (counts.write or counts.read) else 0
    return Counts(counts.input, counts.output, read, write, counts.reasoning)


def _request(piece: Piece, call: Call, step: int, limits: tuple[Limit, ...]) -> Request:
    """A call of a log as the gateway would have seen it."""
    work: Work = piece.work
    if work == "turn" and step:
        work = "continuation"
    apart = work not in ("turn", "continuation")
    told = Signal(rule=f"log.{work}", says=f"is logged as {work}") if apart else None
    turn = piece.turn
    tested = turn.tested if step == len(piece.bills) - 1 else 0
    return Request(
        dialect=_DIALECTS.get(piece.thread.client, "openai.chat"),
        asked_model="rolecall/auto",
        body_bytes=call.counts.input * _BYTES,
        messages=2 * step + 2 * piece.number + 1,
        tools=0 if piece.thread.client == "aider" else 1,
        loop_open=step > 0,
        limits=limits,
        trajectory=Trajectory(
            messages=2 * step + 2 * piece.number + 1,
            turns=piece.number + 1,
            steps=step,
            tested=tested,
            tests=turn.tests if tested else "none",
            same_failures=turn.same_failures if tested else 0,
        ),
        signals=Signals(
            client=piece.thread.client,
            session=piece.thread.session,
            work=work,
            decided_by=told,
            kinds={} if apart else turn.kinds,
        ),
    )


def _shifts(played: Sequence[Played], pieces: Sequence[Piece]) -> tuple[Shift, ...]:
    """Who would play in place of whom, what that comes to, and what is known of both."""
    groups: dict[tuple[str, str, str], list[Played]] = {}
    for one in played:
        if one.deployment != one.piece.served.name:
            key = (one.piece.topic, one.piece.served.name, one.deployment)
            groups.setdefault(key, []).append(one)
    outcomes = _outcomes(pieces)
    found = [
        Shift(
            topic=topic,
            role=own[0].role,
            was=was,
            would=would,
            says=own[0].says,
            turns=len(own),
            before=sum((one.before for one in own), Decimal(0)),
            now=sum((one.now for one in own), Decimal(0)),
            was_fared=_fared(outcomes.get((topic, was), Standing())),
            would_fare=_fared(outcomes.get((topic, would), Standing())),
        )
        for (topic, was, would), own in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: one.now - one.before))


def _outcomes(pieces: Sequence[Piece]) -> Mapping[tuple[str, str], Standing]:
    """By topic and model, how many turns were verified to succeed and to fail."""
    found: dict[tuple[str, str], Standing] = {}
    for one in pieces:
        if one.turn.succeeded or one.turn.failed:
            key = (one.topic, one.served.name)
            known = found.get(key, Standing())
            passed = known.passed + one.turn.succeeded
            found[key] = Standing(passed=passed, lost=known.lost + one.turn.failed)
    return found


def _fared(known: Standing) -> Fared:
    share = wilson(known.passed, known.verified) if known.verified else None
    return Fared(accepted=known.passed, of=known.verified, share=share)
