"""The official SDKs through a gateway, against each dialect: what they understand, what is sent.

What goes out is checked by the provider's own published schema. `speaker.py` is the client; it runs
in an environment of its own (`make clients` installs it).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from rolecall.types import MAIN_DIALECTS, Dialect
from support.answers import Answer, Received, Tokens, ToolCall
from support.gateway import Gateway, start_gateway
from support.program import Program, program
from support.upstream import Upstream

STACK = """
[providers.there]
base_url = "{url}"
dialects = ["{dialect}"]
auth = "none"

[roles]
code = ["there/code-model"]
"""
TOKENS = Tokens(input=1000, output=80, cache_read=600, reasoning=0)
CALLS = tuple(ToolCall(name="read", arguments={"path": name}) for name in ("a.py", "b.py"))
READ = [["read", {"path": "a.py"}], ["read", {"path": "b.py"}]]
CLIENTS: tuple[Dialect, ...] = (*MAIN_DIALECTS, "google.gemini")
USAGE = [1000, 80, 600]
ERRORS = {
    "openai.chat": "BadRequestError",
    "openai.responses": "BadRequestError",
    "anthropic.messages": "BadRequestError",
    "google.gemini": "ClientError",
}


@pytest.fixture(scope="module")
def person() -> Iterator[Program]:
    """The program that uses the SDKs."""
    with program("sdks", Path(__file__).with_name("speaker.py")) as found:
        yield found


def answers(received: Received) -> Answer:
    """What the model says to each turn of the story."""
    if b"Fail." in received.body:
        return Answer(status=400, text="scripted refusal")
    if b"Is it?" in received.body:
        return Answer(text='{"ok":true}', tokens=TOKENS)
    if received.body.count(b"x = 1") == 2:
        return Answer(text="Both say x.", tokens=TOKENS)
    return Answer(text="I read.", tool_calls=CALLS, tokens=TOKENS)


@pytest.fixture(scope="module")
def gateways(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Upstream, dict[Dialect, Gateway]]]:
    with Upstream(answers) as upstream:
        opened = {
            dialect: start_gateway(
                STACK.format(url=upstream.base_url, dialect=dialect),
                tmp_path_factory.mktemp(dialect),
            )
            for dialect in MAIN_DIALECTS
        }
        try:
            yield upstream, {name: one.__enter__() for name, one in opened.items()}
        finally:
            for one in opened.values():
                one.__exit__(None, None, None)


CASES = [
    (client, spoken, stream)
    for client, spoken, stream in itertools.product(CLIENTS, MAIN_DIALECTS, (True, False))
]
NAMES = [f"{c} to {s} {'streamed' if stream else 'whole'}" for c, s, stream in CASES]


@pytest.mark.parametrize(("client", "spoken", "stream"), CASES, ids=NAMES)
def test_an_sdk_understands_and_the_schema_is_kept(
    person: Program,
    gateways: tuple[Upstream, dict[Dialect, Gateway]],
    client: Dialect,
    spoken: Dialect,
    *,
    stream: bool,
) -> None:
    """A text with an image and two calls at once, their results, a schema, an error."""
    upstream, by_dialect = gateways
    before = len(upstream.asked)
    job = {"dialect": client, "url": by_dialect[spoken].url, "stream": stream}
    found = {turn: person.asks({"turn": turn, **job}) for turn in ("calls", "results", "shaped")}
    assert found["calls"] == {"text": "I read.", "calls": READ, "usage": USAGE}
    assert found["results"] == {"text": "Both say x.", "calls": [], "usage": USAGE}
    assert found["shaped"] == {"text": '{"ok":true}', "calls": [], "usage": USAGE}
    failed = person.asks({"turn": "fails", **job})
    assert (failed["error"], "scripted refusal" in failed["says"]) == (ERRORS[client], True)
    sent = upstream.asked[before:]
    assert {one.dialect for one in sent} == {spoken}
    for one in sent if client != spoken else ():  # what is native passes as the SDK wrote it
        assert person.asks({"dialect": spoken, "body": one.json}) == [], one.json
    assert b"iVBORw0KGgo" in sent[0].body
    assert b'"ok"' in next(one for one in sent if b"Is it?" in one.body).body


def test_a_body_beside_the_schema_is_seen(person: Program) -> None:
    """The check itself can fail."""
    body = {"model": "m", "messages": [{"role": "user", "content": "x", "strange": 1}]}
    assert person.asks({"dialect": "openai.chat", "body": body})
    assert person.asks({"dialect": "anthropic.messages", "body": {**body, "max_tokens": 9}})
