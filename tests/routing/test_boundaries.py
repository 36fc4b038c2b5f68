"""Where another model may play, and that nothing unsafe ever happens in between."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import product

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rolecall.routing.boundaries import LONGEST, boundary_of
from rolecall.types import Cause, Latch, Request, Session, Signals, Trajectory, Warm
from routing.turns import WORLD, Life, Turned

HELD = "anthropic/claude-sonnet-5-5"
ORDER: tuple[Cause, ...] = (
    "held",
    "first",
    "loop",
    "apart",
    "asked",
    "failed",
    "task",
    "expired",
    "compacted",
    "idle",
    "turn",
)
"""What is told where several hold: locks and what has a history of its own before any reason."""
FACTS = (
    "held",
    "first",
    "apart",
    "loop",
    "asks",
    "failed",
    "other",
    "expired",
    "compacted",
    "idle",
)


def told(facts: set[str]) -> Cause:
    """The boundary at a request of which these facts hold, and no other."""
    latch = Latch(decision="d", role="code", before="a", now=HELD, says="x", calls=LONGEST)
    long_ago = WORLD.at - timedelta(minutes=20 if "idle" in facts else 1)
    session = Session(
        key="k",
        role="code",
        deployment=None if "first" in facts else HELD,
        holder=HELD if "held" in facts else None,
        turns=9,
        messages=30,
        last=long_ago,
        warm={HELD: Warm(10_000, long_ago, 300.0)},
        latch=latch if "expired" in facts else None,
    )
    request = Request(
        dialect="openai.chat",
        asked_model="rolecall/auto",
        body_bytes=10,
        messages=9 if "compacted" in facts else 31,
        tools=1,
        loop_open="loop" in facts,
        trajectory=Trajectory(turns=3, steps=1, messages=31, compacted="compacted" in facts),
        signals=Signals(work="title" if "apart" in facts else "turn"),
    )
    found = boundary_of(
        request,
        WORLD,
        session,
        role="plan" if "other" in facts else "code",
        asked="asks" in facts,
        failing="it fails" if "failed" in facts else "",
    )
    assert found.says
    return found.cause


def wanted(facts: set[str]) -> Cause:
    """The first in order; asking for the role in force is no reason, asking for another is."""
    held = set(facts) - {"asks", "other"}
    if "other" in facts:
        held.add("asked" if "asks" in facts else "task")
    return next((cause for cause in ORDER if cause in held), "turn")


def test_every_combination_of_facts_has_its_boundary() -> None:
    """All 1,024 of them, against the order that is written down above."""
    for holds in product((False, True), repeat=len(FACTS)):
        facts = {fact for fact, is_so in zip(FACTS, holds, strict=True) if is_so}
        assert told(facts) == wanted(facts), sorted(facts)


def test_only_three_causes_keep_everybody_out() -> None:
    """A turn like the one before, an open loop, a conversation that a provider keeps."""
    closed = {"turn", "loop", "held"}
    for cause in ORDER:
        facts = {"asked": {"asks", "other"}, "task": {"other"}}.get(cause, {cause})
        facts = set() if cause == "turn" else facts
        found = told(facts)
        assert found == cause
        assert (found in closed) == (cause in closed)


def check(turned: Turned) -> None:
    """No switch in an open tool loop, none away from a provider that keeps the conversation."""
    session, request, decision = turned.session, turned.request, turned.decision
    names = [one.deployment for one in decision.cascade]
    if session.holder is not None:
        assert set(names) <= {session.holder}
    named = request.asked_role is not None and request.asked_role != session.role
    if request.loop_open and session.deployment in names and not named:
        assert names[0] == session.deployment, decision
    strongest = [one for one in decision.cascade if one.model_class == "frontier"]
    assert all(one.justification is not None for one in strongest)
    if decision.latch is not None:
        assert decision.latch.now in names


def test_nothing_unsafe_in_100_000_random_turns() -> None:
    """Loops, compactions, restarts of the clock, illness, budgets, asks and failures at random."""
    dice = random.Random(7)
    turns = loops = held = escalated = switches = 0
    while turns < 100_000:
        life = Life(dice)
        for _ in range(50):
            turned = life.turn()
            check(turned)
            turns += 1
            loops += turned.request.loop_open
            held += turned.session.holder is not None
            escalated += turned.decision.latch is not None
            chosen = turned.decision.chosen
            before = turned.session.deployment
            switches += chosen is not None and before not in {None, chosen.deployment}
    assert min(loops, held, escalated, switches) > 1_000  # it did meet what it is about


class Conversation(RuleBasedStateMachine):
    """The same, with hypothesis looking for the shortest conversation that goes wrong."""

    life: Life
    turned: Turned | None = None

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.life = Life(random.Random(seed))

    @rule()
    def go_on(self) -> None:
        self.turned = self.life.turn()

    @rule(hours=st.integers(-48, 48))
    def clock_jumps(self, hours: int) -> None:
        self.life.at = max(self.life.at + hours * 3600, 0.0)

    @rule()
    def forget(self) -> None:
        """The gateway was started anew and its ledger is another."""
        self.life.session = Session(key="k")

    @rule(deployment=st.sampled_from(["gone/model", "anthropic/claude-fable-5-2"]))
    def stack_changes(self, deployment: str) -> None:
        """Who was in force is no longer known."""
        session = self.life.session
        self.life.session = msgspec.structs.replace(session, deployment=deployment)

    @invariant()
    def is_safe(self) -> None:
        if self.turned is not None:
            check(self.turned)


Conversation.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestConversation = Conversation.TestCase
