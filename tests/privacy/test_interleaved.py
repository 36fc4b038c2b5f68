"""What is private stays at home over interleaved sessions, faults, crashes and changed rules.

A model beside the gateway says which conversations have met a rule. Each request has a word of its
own, by which it is known again at the provider outside and at the engine at home.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec import Struct, json

from privacy.leaks import CANARY, Value, says
from privacy.test_leaks import RULE, STACK, everything
from support.answers import Answer, Fault, Received
from support.gateway import Gateway, start_gateway
from support.http import post, send
from support.upstream import Upstream

EXTRA = "Falcon-9-Juniper"
TERMS: dict[str, tuple[str, ...]] = {"rule": (CANARY,), "wider": (CANARY, EXTRA), "none": ()}
"""By the name of a policy, the words that it keeps at home."""
RULES: dict[str, str] = {
    "rule": RULE,
    "wider": RULE.replace(f'"{CANARY}"', f'"{CANARY}", "{EXTRA}"'),
    "none": "",
}
PATHS = {
    "openai.chat": "/v1/chat/completions",
    "openai.responses": "/v1/responses",
    "anthropic.messages": "/v1/messages",
}
FAULTS: list[Fault | None] = [None, "429", "500", "refuse", "cut-stream"]
ENOUGH = 2
"""Requests before a gateway is stopped again: a start takes a second, a request milliseconds."""
SESSIONS = (
    ("s-1", "one/1.0"),
    ("s-1", "opencode/1.18.33"),
    ("s-2", "one/1.0"),
    ("s-3", "opencode/1.18.33"),
    (None, "one/1.0"),
    (None, "opencode/1.18.33"),
)


class Talk(Struct, eq=False):
    """A conversation of one client: by its session id, or by its opening, which is its own."""

    session: str | None
    agent: str
    history: list[Value]

    @property
    def keys(self) -> set[str]:
        own = set() if self.session is None else {self.session}
        return {*own, self.history[0]["content"]}

    @property
    def said(self) -> str:
        return plain("\n".join(message["content"] for message in self.history))

    @property
    def headers(self) -> dict[str, str]:
        session = {} if self.session is None else {"x-session-id": self.session}
        return {"user-agent": self.agent, "content-type": "application/json", **session}


class Turn(Struct, frozen=True, kw_only=True):
    """What is said next. `writing` is a word in some writing, or nothing."""

    writing: str
    dialect: str
    stream: bool


class Side(Struct, eq=False):
    """One of the two that answer. `well` where it had no fault since the gateway's start."""

    upstream: Upstream
    fault: Fault | None = None
    well: bool = True

    def fails(self, fault: Fault | None) -> None:
        self.fault = fault
        self.well = self.well and fault is None
        self.upstream.script = lambda _: Answer(text="Done.", fault=fault)

    def got(self, word: str) -> bool:
        return holds(self.upstream.received, word)


class Tally(Struct):
    """Starts of a gateway, and requests: those that may go out and those that are kept.

    Of the kept ones, `carried` hold no word of a rule and `unruled` came while none was written.
    """

    starts: int = 0
    outside: int = 0
    kept: int = 0
    carried: int = 0
    unruled: int = 0


def plain(text: str) -> str:
    """In one writing: lower case, without zero-width characters."""
    return text.replace("\u200b", "").replace("\\u200b", "").lower()


def holds(received: list[Received], word: str) -> bool:
    return any(word.encode() in everything(one) for one in received)


def body(history: list[Value], turn: Turn) -> bytes:
    more: dict[str, Any] = {"model": "rolecall/auto", "stream": turn.stream}
    if turn.dialect == "openai.responses":
        return json.encode({"input": history, **more})
    return json.encode({"messages": history, "max_tokens": 99, **more})


HIDDEN = "\u200b".join(CANARY)
WRITINGS = st.sampled_from([*[""] * 9, CANARY, CANARY.upper(), HIDDEN, EXTRA])
TURNS = st.builds(
    Turn, writing=WRITINGS, dialect=st.sampled_from(list(PATHS)), stream=st.booleans()
)


class Interleaved(RuleBasedStateMachine):
    """`tainted` are ids and openings that have met a rule; `private` the words of what is kept."""

    talks = Bundle("talks")
    tally: ClassVar[Tally]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.running = ExitStack()
        self.gateway: Gateway | None = None
        self.policy = "rule"
        self.words = 0
        self.since_start = 0
        self.openings = 0
        self.looked_at = 0
        self.tainted: set[str] = set()
        self.private: set[str] = set()

    @initialize(target=talks)
    def begin(self) -> MultipleResults[Talk]:
        self.folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.out = Side(self.stack.enter_context(Upstream()))
        self.home = Side(self.stack.enter_context(Upstream()))
        self.stack.enter_context(self.running)
        return multiple(*(self._talk(session, agent, "") for session, agent in SESSIONS))

    @rule(target=talks, who=st.sampled_from(SESSIONS), writing=WRITINGS, turn=TURNS)
    def another_talk(self, who: tuple[str | None, str], writing: str, turn: Turn) -> Talk:
        """A history of its own, under an id that others use or under none."""
        talk = self._talk(*who, writing)
        self._ask(talk, turn)
        return talk

    @rule(talk=talks, turns=st.lists(TURNS, min_size=1, max_size=3))
    def ask(self, talk: Talk, turns: list[Turn]) -> None:
        for turn in turns:
            self._ask(talk, turn)

    @rule(talks=st.lists(talks, min_size=2, max_size=4), turn=TURNS)
    def ask_by_turns(self, talks: list[Talk], turn: Turn) -> None:
        """Several conversations go on; the first of them says the word, if any."""
        for number, talk in enumerate(talks):
            self._ask(talk, Turn(writing="", dialect=turn.dialect, stream=turn.stream))
            if number == 0:
                self._ask(talk, turn)

    @rule(talk=talks, place=st.integers(0, 9), writing=WRITINGS, turn=TURNS)
    def edit(self, talk: Talk, place: int, writing: str, turn: Turn) -> None:
        """An earlier turn is written anew, or all is taken back to the opening."""
        places = [n for n, one in enumerate(talk.history) if n and one["role"] == "user"]
        if place < len(places):
            talk.history[places[place]] = says(f"edited {writing}")
        else:
            del talk.history[1:]
        self._ask(talk, turn)

    @rule(at_home=st.sampled_from(FAULTS), outside=st.sampled_from(FAULTS), talk=talks, turn=TURNS)
    def trouble(self, at_home: Fault | None, outside: Fault | None, talk: Talk, turn: Turn) -> None:
        self.home.fails(at_home)
        self.out.fails(outside)
        self._ask(talk, turn)

    @precondition(lambda self: self.since_start >= ENOUGH)
    @rule(kill=st.booleans(), policy=st.sampled_from(list(RULES)), talk=talks, turn=TURNS)
    def restart(self, kill: bool, policy: str, talk: Talk, turn: Turn) -> None:
        """With the rules as they were, or with others."""
        self._stop(kill=kill)
        self.nothing_private_is_outside()
        self.policy = policy
        self._ask(talk, turn)

    @precondition(lambda self: self.since_start >= ENOUGH and self.home.well and self.out.well)
    @rule(talk=talks, turn=TURNS)
    def crash_in_mid_answer(self, talk: Talk, turn: Turn) -> None:
        """Killed while somebody is about to answer; the client has seen nothing."""
        word, side = self._say(talk, turn)
        side.upstream.script = lambda _: Answer(text="Done.", fault="slow-first-byte")
        head = "".join(f"{name}: {value}\r\n" for name, value in talk.headers.items())
        with send(self._url(turn), body(talk.history, turn), head):
            side.upstream.wait_for(lambda received: holds(received, word))
            self._stop(kill=True)
        side.fails(None)

    @invariant()
    def nothing_private_is_outside(self) -> None:
        came = [plain(everything(one).decode()) for one in self.out.upstream.received]
        new, self.looked_at = came[self.looked_at :], len(came)
        terms = [term for term in TERMS[self.policy] for text in new if plain(term) in text]
        assert not terms, f"while {self.policy!r} was in force"
        assert not [word for word in self.private for text in came if word in text]

    def teardown(self) -> None:
        self.stack.close()

    def _talk(self, session: str | None, agent: str, writing: str) -> Talk:
        self.openings += 1
        opening = says(f"opening {self.openings:03d} {writing}")
        return Talk(session=session, agent=agent, history=[opening])

    def _url(self, turn: Turn) -> str:
        """Where the turn is sent. The gateway is started for it, where none runs."""
        if self.gateway is None:
            urls = {"out": self.out.upstream.base_url, "home": self.home.upstream.base_url}
            config = STACK.format(**urls) + RULES[self.policy]
            self.gateway = self.running.enter_context(start_gateway(config, self.folder))
            self.tally.starts += 1
        return self.gateway.url + PATHS[turn.dialect]

    def _stop(self, *, kill: bool) -> None:
        if self.gateway is not None and kill:
            self.gateway.kill()
        self.running.close()
        self.gateway, self.since_start = None, 0
        for side in (self.out, self.home):
            side.well = side.fault is None

    def _say(self, talk: Talk, turn: Turn) -> tuple[str, Side]:
        """One turn more; its word, and who is to have it."""
        self.words += 1
        self.since_start += 1
        word = f"word-{self.words:04d}-of-this"
        talk.history.append(says(f"{word} {turn.writing}"))
        meets = any(plain(term) in talk.said for term in TERMS[self.policy])
        if meets:
            self.tainted |= talk.keys
        if not talk.keys & self.tainted:
            self.tally.outside += 1
            return word, self.out
        self.tally.kept += 1
        self.tally.carried += not meets
        self.tally.unruled += self.policy == "none"
        self.private.add(word)
        return word, self.home

    def _ask(self, talk: Talk, turn: Turn) -> None:
        word, side = self._say(talk, turn)
        post(self._url(turn), body(talk.history, turn), talk.headers)
        talk.history.append(says("Done.", "assistant"))
        self.nothing_private_is_outside()
        assert side.got(word) or not side.well, f"{word} did not reach who is to have it"


EXAMPLES = 8
SETTINGS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=16,
    deadline=None,
    derandomize=True,
    print_blob=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
"""Without shrinking: each try of it would start gateways, for minutes."""


def test_no_interleaving_sends_out_what_is_private() -> None:
    """It proves something only where requests of each sort were made, and gateways restarted."""

    class Counted(Interleaved):
        tally = Tally()

    run_state_machine_as_test(Counted, settings=SETTINGS)
    counts = Counted.tally
    assert min(counts.outside, counts.carried, counts.unruled, counts.starts - EXAMPLES) > 0, counts
