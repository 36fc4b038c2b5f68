"""What two other libraries make of the same conversations and streams.

Both are read with the same eyes: our reader of the dialect they are written in. Every difference is
either in `THEIRS`, with what it is, or a defect of ours, and fails. The libraries are installed by
`make clients`, in an environment of their own.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from oracles.corpus import TOOLS, answer, conversation
from rolecall.types import MAIN_DIALECTS, Dialect
from rolecall.wire.dialects import WIRES
from rolecall.wire.sse import events
from rolecall.wire.translate.answer import Broken, Reply, collected
from rolecall.wire.translate.conversation import Conversation, Goal
from rolecall.wire.translate.interpreter import Interpreter
from rolecall.wire.translate.losses import Losses
from rolecall.wire.translate.names import Names
from rolecall.wire.translate.table import SPOKEN, Client, understood, written
from support.answers import Answer, Received, Tokens, ToolCall
from support.program import Program, program
from support.upstream import SPEECH
from wire.translate.test_conversations import told as said_in

GOAL = Goal(model="m", maker="p/m", max_output=64_000)
CONVERSATIONS, STREAMS = 120, 60
CHAT: Dialect = "openai.chat"
MESSAGES: Dialect = "anthropic.messages"
PAIRS = list(itertools.permutations(MAIN_DIALECTS, 2))
REQUESTS = [
    *(("rosetta", *pair) for pair in PAIRS),
    ("any-llm", CHAT, MESSAGES),
    ("any-llm", MESSAGES, CHAT),
]
SPEAKING = [*(("rosetta", *pair) for pair in PAIRS), ("any-llm", CHAT, MESSAGES)]
Case = tuple[str, Dialect, Dialect]
COLLIDE = "parallel calls and texts get one index in a stream, and the first is never closed"
TWICE = "cached tokens stand in input_tokens and beside it"
ADDED = "the counts of message_start and of message_delta are added, and each is the whole"
REQUIRED = "an empty `required` is added to a schema; it says nothing"
THEIRS: dict[str, dict[str, str]] = {
    "any-llm request openai.chat anthropic.messages": {"tools": REQUIRED},
    "rosetta stream openai.chat anthropic.messages": {"calls": COLLIDE, "usage": TWICE},
    "rosetta stream openai.responses anthropic.messages": {
        "calls": COLLIDE,
        "texts": COLLIDE,
        "usage": TWICE,
    },
    "rosetta stream anthropic.messages openai.chat": {"usage": ADDED},
    "rosetta stream anthropic.messages openai.responses": {"usage": ADDED},
}
"""By case and what differs: what is wrong there (llm-rosetta 0.13.0, any-llm-sdk 1.40.2). What has
been mended fails, too, and leaves this table."""


@pytest.fixture(scope="module")
def oracle() -> Iterator[Program]:
    with program("oracles", Path(__file__).with_name("oracle.py")) as found:
        yield found


def meant(found: Conversation) -> dict[str, Any]:
    """What a request says, wherever it stands."""
    return {
        **said_in(found, Names(TOOLS)),
        "tools": [(one.name, one.description, one.schema) for one in found.tools],
        "choice": (found.choice.mode, found.choice.name),
        "max_tokens": found.max_tokens,
    }


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    return [key for key in ours if ours[key] != theirs[key]]


@pytest.mark.parametrize("case", REQUESTS, ids=" ".join)
def test_requests(oracle: Program, case: Case) -> None:
    name, source, target = case
    met: Counter[str] = Counter()
    for seed in range(CONVERSATIONS):
        body = SPOKEN[source].write(conversation(seed), GOAL, Losses())
        ours = written(understood(source, msgspec.json.encode(body)), target, GOAL).body
        found = oracle.asks([f"{name} request", source, target, body])
        assert "told" in found, found
        theirs = msgspec.json.encode(found["told"])
        met.update(
            differences(
                meant(understood(target, ours).conversation),
                meant(understood(target, theirs).conversation),
            )
        )
    assert sorted(met) == expected(name, "request", source, target)


def expected(*case: str) -> list[str]:
    return sorted(THEIRS.get(" ".join(case), ()))


@pytest.mark.parametrize("case", SPEAKING, ids=" ".join)
def test_streams(oracle: Program, case: Case) -> None:
    name, spoken, client = case
    body = SPOKEN[client].write(conversation(0), GOAL, Losses())
    met: Counter[str] = Counter()
    for seed in range(STREAMS):
        stream = streamed(spoken, answer(seed))
        chunks = [json.loads(one) for one in events(stream) if one != b"[DONE]"]
        job: tuple[Any, ...] = (
            (f"{name} stream", spoken, client, body, chunks)
            if name == "rosetta"
            else (f"{name} stream", chunks)
        )
        found = oracle.asks(list(job))
        assert "told" in found, found
        ours = heard(client, events(interpreted(spoken, client, stream)))
        met.update(differences(ours, heard(client, map(msgspec.json.encode, found["told"]))))
    assert sorted(met) == expected(name, "stream", spoken, client)


def streamed(dialect: Dialect, what: Answer) -> bytes:
    body = {"model": "m", "stream_options": {"include_usage": True}}
    path = "/v1" + WIRES[dialect].path
    asked = Received(index=0, method="POST", path=path, query="", headers=[], body=b"", json=body)
    return b"".join(SPEECH[dialect].events(what, asked))


def interpreted(spoken: Dialect, client: Dialect, stream: bytes) -> bytes:
    who = Client(model="m", counted=True, created=0)
    found = Interpreter(spoken, client, maker="p/m", names=Names(()), client=who)
    return found.feed(stream) + found.close()


def heard(client: Dialect, found: Iterator[bytes]) -> dict[str, Any]:
    """What a client of the dialect understands; what it cannot read is `broken`."""
    reader = SPOKEN[client].reader("p/m")
    reply = Reply()
    try:
        reply = collected(event for one in found for event in reader.event(one))
    except Broken as problem:
        return {"texts": None, "calls": None, "stop": None, "usage": None, "broken": str(problem)}
    pieces = list(reply.pieces.values())
    return {
        "texts": "".join(one.text for one in pieces if one.opened.kind == "text"),
        "calls": [
            (one.opened.name, msgspec.json.decode(one.text or "{}"))
            for one in pieces
            if one.opened.kind == "call"
        ],
        "stop": reply.stop,
        "usage": reply.usage,
        "broken": "",
    }


def test_marks_of_the_cache_are_kept(oracle: Program) -> None:
    """Some clients write them into Chat Completions; without them each turn is paid in full."""
    mark = {"type": "ephemeral"}
    part = {"type": "text", "text": "a long prompt", "cache_control": mark}
    said = [{"role": "system", "content": [part]}, {"role": "user", "content": "hello"}]
    body = {"model": "m", "messages": said, "max_tokens": 99}
    theirs = oracle.asks(["rosetta request", CHAT, MESSAGES, body])["told"]
    assert "cache_control" not in json.dumps(theirs)
    ours = written(understood(CHAT, msgspec.json.encode(body)), MESSAGES, GOAL).body
    assert msgspec.json.decode(ours)["system"][0]["cache_control"] == mark


def test_usage_of_a_stream_is_asked_for(oracle: Program) -> None:
    """Messages always tell it, Chat Completions only where somebody asks."""
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    theirs = oracle.asks(["rosetta request", MESSAGES, CHAT, {**body, "stream": True}])["told"]
    assert "stream_options" not in theirs
    heard_ = understood(MESSAGES, msgspec.json.encode({**body, "stream": True}), stream=True)
    ours = msgspec.json.decode(written(heard_, CHAT, GOAL).body)
    assert ours["stream_options"] == {"include_usage": True}


PAIR = Answer(
    tool_calls=tuple(ToolCall(name="read", arguments={"path": path}) for path in "ab"),
    tokens=Tokens(input=100, output=20, cache_read=60),
)


def both(oracle: Program, spoken: Dialect, client: Dialect) -> tuple[list[Any], list[Any]]:
    """The events that we and llm-rosetta make of a stream with two calls."""
    stream = streamed(spoken, PAIR)
    chunks = [json.loads(one) for one in events(stream) if one != b"[DONE]"]
    body = SPOKEN[client].write(conversation(0), GOAL, Losses())
    theirs = oracle.asks(["rosetta stream", spoken, client, body, chunks])["told"]
    told = events(interpreted(spoken, client, stream))
    return [json.loads(one) for one in told if one != b"[DONE]"], theirs


def blocks(told: list[Any], kind: str) -> list[int]:
    return [one["index"] for one in told if one["type"] == f"content_block_{kind}"]


@pytest.mark.parametrize("spoken", [CHAT, "openai.responses"])
def test_each_parallel_call_has_an_index_and_an_end(oracle: Program, spoken: Dialect) -> None:
    """What `COLLIDE` says is exactly this."""
    ours, theirs = both(oracle, spoken, MESSAGES)
    assert (blocks(theirs, "start"), blocks(theirs, "stop")) == ([0, 0], [0])
    assert (blocks(ours, "start"), blocks(ours, "stop")) == ([0, 1], [0, 1])


@pytest.mark.parametrize("spoken", [CHAT, "openai.responses"])
def test_cached_tokens_count_once(oracle: Program, spoken: Dialect) -> None:
    """What `TWICE` says is exactly this."""
    counts = []
    for told in both(oracle, spoken, MESSAGES):
        usage = next(one for one in told if one["type"] == "message_delta")["usage"]
        counts.append((usage["input_tokens"], usage["cache_read_input_tokens"]))
    assert counts == [(40, 60), (100, 60)]


def test_counts_that_come_twice_count_once(oracle: Program) -> None:
    """What `ADDED` says is exactly this: both events of Messages tell 40 and 60."""
    counts = []
    for told in both(oracle, MESSAGES, CHAT):
        usage = next(one["usage"] for one in told if one.get("usage"))
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        counts.append((usage["prompt_tokens"], cached))
    assert counts == [(100, 60), (80, 120)]
