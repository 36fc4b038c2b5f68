"""Random conversations, turn after turn, as any client and provider might have them."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import msgspec
from msgspec import Struct

from rolecall.routing.decide import decide
from rolecall.routing.progress import after, settled
from rolecall.types import (
    Ailment,
    Attempt,
    Budget,
    Decision,
    Economics,
    Request,
    Role,
    Session,
    Signals,
    Snapshot,
    Trajectory,
    Usage,
    Work,
)
from routing.worlds import AT, world

WORLD = world()
NAMES = tuple(WORLD.deployments)
WORKS: tuple[Work, ...] = ("turn", "turn", "turn", "continuation", "title", "compaction", "plan")
ROLES: tuple[Role | None, ...] = (None, None, None, None, "plan", "code", "fast")


class Turned(Struct):
    """One turn: what was in force before, what was asked and what was decided."""

    session: Session
    request: Request
    decision: Decision


class Life(Struct):
    """A conversation under way, the clock beside it, and the dice."""

    dice: random.Random
    session: Session = Session(key="k")
    at: float = 0.0
    seen: Trajectory = Trajectory(turns=1, messages=1)

    def turn(self) -> Turned:
        """The next request, decided, and answered if anybody may."""
        dice = self.dice
        self.at += dice.choice((1.0, 20.0, 400.0, 4000.0))
        self.seen = self._seen()
        request = self._request()
        session = self.session
        if dice.random() < 0.05 and session.deployment is not None:
            session = msgspec.structs.replace(session, holder=session.deployment)
        snapshot = self._snapshot()
        decision = decide(request, snapshot, session, id=str(self.at))
        if decision.chosen is not None and dice.random() < 0.95:
            self.session = _answered(session, request, decision, snapshot, dice)
        return Turned(session, request, decision)

    def _seen(self) -> Trajectory:
        dice, seen = self.dice, self.seen
        speaks = dice.random() < 0.3
        tested = dice.random() < 0.4
        fails = tested and dice.random() < 0.7
        return msgspec.structs.replace(
            seen,
            messages=seen.messages + 2,
            turns=seen.turns + speaks,
            steps=0 if speaks else seen.steps + 1,
            edits=seen.edits + (dice.random() < 0.3),
            tested=seen.tested + tested,
            tests="failed" if fails else "passed" if tested else seen.tests,
            failures=seen.failures + 1 if fails else 0 if tested else seen.failures,
            same_failures=seen.same_failures + 1 if fails and seen.failures else 0,
            pushed_back=speaks and dice.random() < 0.3,
            compacted=dice.random() < 0.05,
        )

    def _request(self) -> Request:
        dice = self.dice
        fewer = dice.random() < 0.05
        return Request(
            dialect=dice.choice(("openai.chat", "anthropic.messages", "openai.responses")),
            asked_model="rolecall/auto",
            asked_role=dice.choice(ROLES),
            body_bytes=dice.choice((0, 2_000, 60_000, 900_000)),
            messages=1 if fewer else self.seen.messages,
            tools=3,
            loop_open=self.seen.steps > 0 and dice.random() < 0.7,
            thoughts=dice.random() < 0.3,
            trajectory=self.seen,
            signals=Signals(work=dice.choice(WORKS)),
        )

    def _snapshot(self) -> Snapshot:
        dice = self.dice
        at = AT + timedelta(seconds=self.at)
        unwell = dice.sample(NAMES, dice.choice((0, 0, 0, 1, 2)))
        budget = Budget(day=Decimal(5), at_limit=dice.choice(("downgrade", "local")))
        poor = dice.random() < 0.1
        return msgspec.structs.replace(
            WORLD,
            at=at,
            health={name: Ailment(until=at + timedelta(seconds=9), why="ill") for name in unwell},
            economics=Economics(budget=budget if poor else Budget()),
            spent={"day": Decimal(6)} if poor else {},
        )


def _answered(
    session: Session, request: Request, decision: Decision, snapshot: Snapshot, dice: random.Random
) -> Session:
    assert decision.chosen is not None
    name = decision.chosen.deployment
    total = dice.choice((0, 900, 15_000, 200_000))
    read = dice.randint(0, total)
    usage = Usage(
        input_tokens=total,
        output_tokens=dice.choice((0, 400, 9_000)),
        cache_read_input_tokens=read,
        cache_write_input_tokens=dice.randint(0, total - read),
    )
    cost = dice.choice((None, Decimal("0.01")))
    attempt = Attempt(
        deployment=name, started=snapshot.at, outcome="answered", usage=usage, cost=cost
    )
    provider = snapshot.providers[name.partition("/")[0]]
    deployment = snapshot.deployments.get(name)
    rates = None if deployment is None else deployment.rates
    then = after(session, request, decision, name)
    return settled(then, request, attempt, provider, rates, None)
