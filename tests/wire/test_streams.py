"""Usage is read off a stream while it passes, however it is cut."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.types import Dialect, Usage
from rolecall.wire.dialects import WIRES
from rolecall.wire.sse import Reader, fold_once
from rolecall.wire.tally import Tally
from support.answers import Answer, Received, Tokens, ToolCall
from support.upstream import SPEECH

DIALECTS = get_args(Dialect)
TOKENS = Tokens(input=1000, output=50, cache_read=300, cache_write=200, reasoning=20)


def stream_of(dialect: Dialect) -> bytes:
    """A wire-true stream with text, two tool calls and all counts."""
    wire = WIRES[dialect]
    received = Received(
        index=0,
        method="POST",
        path=wire.root + wire.path.replace("{model}", "m:streamGenerateContent"),
        query="",
        headers=[],
        body=b"",
        json={"model": "m", "stream": True, "stream_options": {"include_usage": True}},
    )
    calls = (ToolCall(name="a", arguments={"x": "\n\n"}), ToolCall(name="b"))
    answer = Answer(text="data: [DONE]\n\nü", tool_calls=calls, tokens=TOKENS)
    return b"".join(SPEECH[dialect].events(answer, received))


STREAMS = {dialect: stream_of(dialect) for dialect in DIALECTS}


def tally_of(dialect: Dialect, chunks: list[bytes]) -> Tally:
    reader = Reader(WIRES[dialect])
    for chunk in chunks:
        reader.feed(chunk)
    reader.close()
    return reader.tally


@pytest.mark.parametrize("dialect", DIALECTS)
def test_counts_of_a_stream(dialect: Dialect) -> None:
    """All counts that the dialect reports are there, and the stream is known to be finished."""
    tally = tally_of(dialect, [STREAMS[dialect]])
    assert tally.finished
    assert tally.malformed == 0
    assert tally.usage is not None
    assert tally.usage.input_tokens == 1000
    assert tally.usage.output_tokens == 50
    tells_cached = dialect not in ("ollama.chat", "ollama.generate")
    assert tally.usage.cache_read_input_tokens == (300 if tells_cached else 0)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_cut_gives_the_same_tally(dialect: Dialect, end: bytes) -> None:
    """Cut in two at each byte, with each of the three line ends, nothing is lost or added."""
    stream = STREAMS[dialect].replace(b"\n", end)
    whole = tally_of(dialect, [stream])
    assert whole.usage == tally_of(dialect, [STREAMS[dialect]]).usage
    for at in range(len(stream)):
        assert tally_of(dialect, [stream[:at], stream[at:]]) == whole


@given(data=st.data(), dialect=st.sampled_from(DIALECTS))
def test_many_cuts_give_the_same_tally(data: st.DataObject, dialect: Dialect) -> None:
    """Cut anywhere into many pieces, the tally is that of the whole."""
    stream = STREAMS[dialect]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=30)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert tally_of(dialect, pieces) == tally_of(dialect, [stream])


@given(chunks=st.lists(st.binary(max_size=200), max_size=20), dialect=st.sampled_from(DIALECTS))
def test_noise_raises_nothing(chunks: list[bytes], dialect: Dialect) -> None:
    """A stream of anything at all is passed over in silence."""
    assert tally_of(dialect, chunks).usage is None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_malformed_event_is_counted(dialect: Dialect) -> None:
    """An event that should be read and cannot be is counted, and the rest is read."""
    broken = b'data: {"usage": {"usageMetadata": {"never ends\n\n'
    tally = tally_of(dialect, [broken + STREAMS[dialect]])
    assert tally.malformed == 1
    assert tally.usage == tally_of(dialect, [STREAMS[dialect]]).usage


def test_endless_event_is_not_kept() -> None:
    """An event without an end does not grow in memory."""
    reader = Reader(WIRES["openai.chat"])
    for _ in range(100):
        reader.feed(b"data: " + b"x" * 1_000_000)
    assert len(reader._rest) < 5_000_000  # noqa: SLF001 (memory is the promise)


def test_cached_parts_are_counted_once() -> None:
    """Messages exclude cached input from `input_tokens`; ours includes it."""
    body = (
        b'{"type": "message", "model": "m", "usage": {"input_tokens": 5, "output_tokens": 7,'
        b' "cache_read_input_tokens": 90, "cache_creation_input_tokens": 5}}'
    )
    tally = fold_once(WIRES["anthropic.messages"], Tally(), body)
    assert tally.usage == Usage(
        input_tokens=100,
        output_tokens=7,
        cache_read_input_tokens=90,
        cache_write_input_tokens=5,
    )


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("usage", [b"null", b"{}", b'{"prompt_tokens": -3, "input_tokens": -3}'])
def test_absent_and_absurd_counts(dialect: Dialect, usage: bytes) -> None:
    """Counts that are missing or negative never become money."""
    tally = fold_once(WIRES[dialect], Tally(), b'{"model": "m", "usage": ' + usage + b"}")
    assert tally.usage is None or tally.usage.input_tokens == 0


@pytest.mark.parametrize("dialect", DIALECTS)
def test_event_without_its_blank_line_is_read_at_the_end(dialect: Dialect) -> None:
    """A stream that stops right after its last event has told everything."""
    stream = STREAMS[dialect].rstrip(b"\n")
    assert tally_of(dialect, [stream]) == tally_of(dialect, [STREAMS[dialect]])


def test_comments_ids_and_lines_without_a_space() -> None:
    """The other lines of the format are passed over, and `data:` needs no space."""
    usage = b'{"usage":{"prompt_tokens":4,"completion_tokens":2}}'
    stream = b": ping\n\nid: 7\nretry: 10\nevent: x\ndata:" + usage + b"\n\ndata:[DONE]\n\n"
    tally = tally_of("openai.chat", [stream])
    assert tally == Tally(usage=Usage(input_tokens=4, output_tokens=2), finished=True)


def test_data_in_several_lines_is_one_event() -> None:
    """Lines of one event are joined, as the format has it."""
    stream = b'data: {"usage":\ndata: {"prompt_tokens": 4}}\n\n'
    assert tally_of("openai.chat", [stream]).usage == Usage(input_tokens=4, output_tokens=0)


def test_text_that_looks_like_an_end_is_text() -> None:
    """A model that writes about `[DONE]` and `"usage"` ends nothing and counts nothing."""
    text = r'{"choices": [{"delta": {"content": "data: [DONE] \"usage\": {\"x\": 1}"}}]}'
    assert tally_of("openai.chat", [b"data: " + text.encode() + b"\n\n"]) == Tally()
