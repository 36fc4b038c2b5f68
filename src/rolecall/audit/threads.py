"""Makes a thread of what a log tells, one message and one answer after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from rolecall.audit.history import Call, Thread, Turn
from rolecall.routing.course import Course, load_course
from rolecall.routing.kinds import FIRST, LATER, KindReader, load_weights
from rolecall.routing.ngrams import load_cues
from rolecall.routing.trajectory import Walk, walk_on
from rolecall.types import Kind, Trajectory
from rolecall.wire import steps
from rolecall.wire.parsed import spoken
from rolecall.wire.steps import Step

_KINDS = 3
"""Kinds of a turn that are kept."""


class Tools(Struct, frozen=True):
    """What conversations are read with."""

    course: Course
    kinds: KindReader


def load_tools() -> Tools:
    return Tools(load_course(), KindReader(load_weights(), load_cues()))


class ThreadReader:
    """One thread while it is read. `thread` names what is known of it from the start."""

    def __init__(self, thread: Thread, tools: Tools) -> None:
        self.thread = thread
        self._tools = tools
        self._walk = Walk()
        self._before = Trajectory()
        self._begun: Turn | None = None
        self._worst = 0
        self._turns: list[Turn] = []
        self._calls: dict[str, Call] = {}

    @property
    def turn(self) -> int:
        """The place of the turn under way."""
        return len(self._turns) if self._begun is not None else 0

    @property
    def is_empty(self) -> bool:
        """Whether no message was read yet."""
        return self._walk.seen.messages == 0

    def step(self, step: Step, at: datetime) -> None:
        """Take up a message."""
        turns = self._walk.seen.turns
        walk = walk_on(self._walk, step, self._tools.course)
        if walk.seen.turns > turns:
            self._end(objected=walk.seen.pushed_back)
            self._begun = Turn(at=at, kinds=self._kinds(step.texts, first=turns == 0))
            self._before = walk.seen
        self._worst = max(self._worst, walk.seen.same_failures)
        self._walk = walk

    def edited(self, at: datetime) -> None:
        """Take up an edit that went in, from a client whose log tells that alone."""
        self.step(Step("assistant", calls=(steps.Call("edit", "edit"),)), at)
        self.step(Step("tool", results=(steps.Result("edit"),)), at)

    def answer(self, call: Call) -> None:
        """Take up an answer. One that is logged again counts once, as it was in the end."""
        known = self._calls.get(call.id)
        if known is None:
            self._calls[call.id] = call
        elif call.counts.output >= known.counts.output:
            again = msgspec.structs.replace(call, turn=known.turn, at=known.at)
            self._calls[call.id] = again

    def done(self) -> Thread:
        calls = tuple(self._calls.values())
        if self._begun is not None:
            self._end(objected=False)
        elif calls:
            self._turns.append(Turn(at=calls[0].at))
        return msgspec.structs.replace(self.thread, turns=tuple(self._turns), calls=calls)

    def _end(self, *, objected: bool) -> None:
        """End the turn under way; answers before the first typed word belong to it."""
        begun, seen, before = self._begun, self._walk.seen, self._before
        if begun is None:
            return
        tested = seen.tested - before.tested
        self._turns.append(
            msgspec.structs.replace(
                begun,
                steps=seen.steps,
                edits=seen.edits - before.edits,
                edits_failed=seen.edits_failed - before.edits_failed,
                reverts=seen.reverts - before.reverts,
                tested=tested,
                tests=seen.tests if tested else "none",
                same_failures=self._worst if tested else 0,
                objected=objected,
            )
        )
        self._worst = 0

    def _kinds(self, texts: Sequence[str], *, first: bool) -> dict[Kind, float]:
        words = "\n".join(spoken(texts)[0] or texts)
        found = self._tools.kinds.read(words, FIRST if first else LATER)
        return dict(list(found.items())[:_KINDS])
