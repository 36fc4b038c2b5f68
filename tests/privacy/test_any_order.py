"""The guarantee as an invariant, over any order of requests, faults, restarts and new rules."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from privacy.leaks import CANARY, says
from privacy.test_leaks import RULE, STACK, everything
from support.answers import Answer
from support.gateway import Gateway, start_gateway
from support.http import post
from support.upstream import Upstream

PATHS = {
    "openai.chat": "/v1/chat/completions",
    "openai.responses": "/v1/responses",
    "anthropic.messages": "/v1/messages",
}
OTHER_RULE = '\n[[privacy.rules]]\nname = "else"\nterms = ["nothing that is said"]\n'
FAULTS = st.sampled_from([None, "429", "500", "refuse", "cut-stream", "malformed-event"])
SESSIONS = st.sampled_from(["s-1", "s-2", "s-3", None])


class AnyOrder(RuleBasedStateMachine):
    """Sessions with an id and without, between an engine at home and a provider outside.

    `private` are the conversations that have met the rule: by their id, or by how they begin.
    Each request says a word of its own by which it is known again.
    """

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="rolecall-any-order-"))
        self.out = self.stack.enter_context(Upstream())
        self.home = self.stack.enter_context(Upstream())
        self.running = ExitStack()
        self.on = True
        self.count = 0
        self.private: set[str] = set()
        self.kept: set[str] = set()
        self.histories: dict[str, list[dict[str, Any]]] = {}
        self._start()

    def _start(self) -> None:
        config = STACK.format(out=self.out.base_url, home=self.home.base_url)
        rules = RULE if self.on else OTHER_RULE
        running = start_gateway(config + rules, self.folder)
        self.gateway: Gateway = self.running.enter_context(running)

    def _restart(self, *, kill: bool) -> None:
        if kill:
            self.gateway.kill()
        self.running.close()
        self._start()

    @rule(
        session=SESSIONS,
        thread=st.integers(0, 2),
        canary=st.sampled_from(["", "", CANARY, CANARY.upper(), "\u200b".join(CANARY)]),
        dialect=st.sampled_from(list(PATHS)),
        stream=st.booleans(),
    )
    def ask(
        self, session: str | None, thread: int, canary: str, dialect: str, stream: bool
    ) -> None:
        """One turn more of a conversation."""
        self.count += 1
        word = f"word-{self.count:04d}-of-this"
        begun = f"{session} {thread} {dialect}"
        history = self.histories.setdefault(begun, [says(f"begin {begun}")])
        history.append(says(f"{word} {canary}"))
        if self.on and any(
            CANARY in str(one) or "\u200b" in str(one) or CANARY.upper() in str(one)
            for one in history
        ):
            self.private |= {begun} if session is None else {session, begun}
        if {session, begun} & self.private:
            self.kept.add(word)
        headers = {} if session is None else {"x-session-id": session}
        post(self.gateway.url + PATHS[dialect], _body(dialect, history, stream=stream), headers)

    @rule(begun=st.integers(0, 20))
    def edit(self, begun: int) -> None:
        """A client takes its newest turn back."""
        for number, history in enumerate(self.histories.values()):
            if number == begun and len(history) > 1:
                history.pop()

    @rule(fault=FAULTS)
    def trouble_at_home(self, fault: Any) -> None:
        self.home.script = lambda _: Answer(text="Done.", fault=fault)

    @rule(fault=FAULTS)
    def trouble_outside(self, fault: Any) -> None:
        self.out.script = lambda _: Answer(text="Done.", fault=fault)

    @precondition(lambda self: self.count > 0)
    @rule(kill=st.booleans())
    def restart(self, kill: bool) -> None:
        self._restart(kill=kill)

    @precondition(lambda self: self.count > 0)
    @rule()
    def other_rules(self) -> None:
        """The rule is taken away, or comes back; what it has met stays private."""
        self.on = not self.on
        self._restart(kill=False)

    @invariant()
    def nothing_private_is_outside(self) -> None:
        came = [everything(one).decode() for one in self.out.received]
        assert not [word for word in self.kept for text in came if word in text]

    def teardown(self) -> None:
        self.running.close()
        self.stack.close()
        shutil.rmtree(self.folder)


def _body(dialect: str, history: list[dict[str, Any]], *, stream: bool) -> dict[str, Any]:
    more = {"model": "rolecall/auto", "stream": stream}
    if dialect == "openai.responses":
        return {"input": history, **more}
    return {"messages": history, "max_tokens": 99, **more}


AnyOrder.TestCase.settings = settings(
    max_examples=8,
    stateful_step_count=16,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
TestAnyOrder = AnyOrder.TestCase
