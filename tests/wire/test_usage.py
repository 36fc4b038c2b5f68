"""All counts of each dialect, from a whole answer and from a stream."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rolecall.types import MAIN_DIALECTS, Dialect, Usage
from rolecall.wire.dialects import WIRES
from rolecall.wire.sse import Reader, fold_once
from rolecall.wire.tally import Tally
from support.answers import Answer, Received, Tokens
from support.upstream import SPEECH

DIALECTS = MAIN_DIALECTS
TOKENS = Tokens(input=1000, output=50, cache_read=300, cache_write=200, reasoning=20)
COUNTS = {
    "input_tokens": 1000,
    "output_tokens": 50,
    "cache_read_input_tokens": 300,
    "cache_write_input_tokens": 200,
}


def received(dialect: Dialect) -> Received:
    body = {"model": "m-1", "stream": True, "stream_options": {"include_usage": True}}
    path = "/v1" + WIRES[dialect].path
    return Received(index=0, method="POST", path=path, query="", headers=[], body=b"", json=body)


def folded(dialect: Dialect, *events: Any) -> Tally:
    tally = Tally()
    for event in events:
        tally = fold_once(WIRES[dialect], tally, msgspec.json.encode(event))
    return tally


@pytest.mark.parametrize("dialect", DIALECTS)
def test_counts_of_a_whole_answer(dialect: Dialect) -> None:
    """Model and all counts are read off the JSON."""
    answer = SPEECH[dialect].document(Answer(text="x", tokens=TOKENS), received(dialect))
    tally = folded(dialect, answer)
    assert tally.model == "m-1"
    assert tally.usage == Usage(**COUNTS, reasoning_tokens=20)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_counts_of_a_stream_are_the_same(dialect: Dialect) -> None:
    """The stream ends with the counts that the whole answer has."""
    reader = Reader(WIRES[dialect])
    for event in SPEECH[dialect].events(Answer(text="x", tokens=TOKENS), received(dialect)):
        reader.feed(event)
    assert msgspec.structs.replace(reader.tally, id=None) == Tally(
        model="m-1", usage=Usage(**COUNTS, reasoning_tokens=20), finished=True
    )


def test_chat_usage_that_repeats_and_falls_silent() -> None:
    """The last chunk that counts is right; an empty `usage` after it takes nothing away."""
    tally = folded(
        "openai.chat",
        {"usage": {"prompt_tokens": 5, "completion_tokens": 1}},
        {"usage": {"prompt_tokens": 5, "completion_tokens": 9}},
        {"usage": None},
        {"usage": {}},
    )
    assert tally.usage == Usage(input_tokens=5, output_tokens=9)


def test_message_delta_may_leave_the_input_out() -> None:
    """Its counts are cumulative; what it does not repeat stays as the start said it."""
    start = {"input_tokens": 5, "cache_read_input_tokens": 90, "output_tokens": 1}
    tally = folded(
        "anthropic.messages",
        {"type": "message_start", "message": {"model": "m-1", "usage": start}},
        {"type": "message_delta", "usage": {"output_tokens": 7}},
    )
    assert tally.usage == Usage(input_tokens=95, output_tokens=7, cache_read_input_tokens=90)


def test_what_is_kept_for_an_hour_is_told_apart() -> None:
    """Anthropic tells both times beside the sum; a `message_delta` may leave them out."""
    written = {"ephemeral_5m_input_tokens": 50, "ephemeral_1h_input_tokens": 150}
    usage = {"input_tokens": 10, "cache_creation_input_tokens": 200, "cache_creation": written}
    start = {"type": "message_start", "message": {"model": "m", "usage": usage}}
    delta = {"type": "message_delta", "usage": {"output_tokens": 7}}
    found = folded("anthropic.messages", start, delta).usage
    assert found is not None
    assert (found.cache_write_input_tokens, found.cache_write_1h_input_tokens) == (200, 150)


def test_message_delta_corrects_the_input() -> None:
    """Some servers know the input only at the end; it is not added to what the start guessed."""
    tally = folded(
        "anthropic.messages",
        {"type": "message_start", "message": {"usage": {"input_tokens": 0, "output_tokens": 0}}},
        {"type": "message_delta", "usage": {"input_tokens": 40, "output_tokens": 7}},
    )
    assert tally.usage == Usage(input_tokens=40, output_tokens=7)


@pytest.mark.parametrize("kind", ["completed", "incomplete", "failed"])
def test_each_end_of_a_response_is_an_end(kind: str) -> None:
    """A response that was cut or failed is finished too, and is paid for."""
    inner = {"model": "m-1", "usage": {"input_tokens": 3, "output_tokens": 2}}
    tally = folded("openai.responses", {"type": f"response.{kind}", "response": inner})
    assert tally.finished
    assert tally.usage == Usage(input_tokens=3, output_tokens=2)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "answer",
    [
        {"usage": "many"},
        {"usage": {"prompt_tokens": "3", "input_tokens": "3"}},
        {"usage": {"prompt_tokens": 1.5, "input_tokens": 1.5}},
        {"model": 3},
        {"type": [], "usage": 0, "model": {}},
        [],
        "usage",
    ],
)
def test_counts_of_a_wrong_type_are_malformed(dialect: Dialect, answer: Any) -> None:
    """They are counted as unreadable, what was known stays, and nothing is raised."""
    known = Tally(model="m-1", usage=Usage(input_tokens=1, output_tokens=2))
    after = fold_once(WIRES[dialect], known, msgspec.json.encode(answer))
    assert after == msgspec.structs.replace(known, malformed=1)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_absurd_counts_fit_into_a_ledger(dialect: Dialect) -> None:
    """A count that no database could keep is cut."""
    count = b"1" + b"0" * 30
    body = b'{"usage": {"prompt_tokens": %s, "input_tokens": %s}}' % (count, count)
    tally = fold_once(WIRES[dialect], Tally(), body)
    assert tally.usage is not None
    assert tally.usage.input_tokens < 2**63


@pytest.mark.parametrize("dialect", DIALECTS)
def test_deep_nesting_is_malformed(dialect: Dialect) -> None:
    """An event that nests beyond reading is passed over."""
    deep = b'{"usage": ' + b"[" * 5000
    assert fold_once(WIRES[dialect], Tally(), deep) == Tally(malformed=1)
