"""What is remembered of a body never hides what it holds: warm and cold looks agree."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from rolecall.privacy.encoded import Unreadable
from rolecall.privacy.policy import NOTHING, Found, Policy
from rolecall.privacy.scan import Scans
from rolecall.types import PrivacyRule, Rules

WORD = "Kestrel-7"
POLICY = Policy(Rules(rules=(PrivacyRule(name="k", zones=("local",), terms=(WORD,)),)), None)
NO_HEADERS = Raw(b"[]")


def held(scans: Scans, body: bytes) -> Found:
    return scans.look(scans.take_apart("one thread", body, NO_HEADERS))


texts = st.sampled_from(["hello", WORD, WORD[:4], WORD[4:], "x" * 300, "y" * 300 + WORD[:4], ""])
messages = st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": texts}), max_size=6)
fields = st.dictionaries(st.sampled_from(["model", "system", "tools", "input"]), texts, max_size=3)
separators = st.sampled_from([(",", ":"), (", ", ": ")])


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A body with its conversation first, between other values, or last."""
    before, after = draw(fields), draw(fields)
    body: dict[str, Any] = before | {"messages": draw(messages)} | after
    return json.dumps(body, separators=draw(separators)).encode()


@given(st.lists(bodies(), min_size=2, max_size=6))
def test_warm_look_sees_what_a_cold_one_sees(conversation: list[bytes]) -> None:
    warm = Scans(POLICY)
    for body in conversation:
        assert held(warm, body) == held(Scans(POLICY), body)


@given(messages, st.lists(messages, min_size=1, max_size=4), fields, fields)
def test_a_conversation_that_grows_is_seen_to_its_end(
    begun: list[Any], turns: list[list[Any]], before: dict[str, str], after: dict[str, str]
) -> None:
    warm, said = Scans(POLICY), begun
    for turn in turns:
        said = [*said, *turn]
        body = msgspec.json.encode(before | {"messages": said} | after)
        assert held(warm, body) == held(Scans(POLICY), body)


def test_only_what_is_new_is_read() -> None:
    scans = Scans(POLICY)
    said = [{"role": "user", "content": f"{n} {'z' * 2000}"} for n in range(50)]
    held(scans, msgspec.json.encode({"messages": said}))
    more = msgspec.json.encode({"messages": [*said, {"role": "user", "content": "next"}]})
    look = scans.take_apart("one thread", more, NO_HEADERS)
    assert [len(run.pieces) for run in look.runs] == [1, 1]
    assert look.size < 100


def test_a_key_that_comes_again_after_what_was_read_is_not_passed_over() -> None:
    scans = Scans(POLICY)
    held(scans, b'{"model":"m","messages":["a"]}')
    for again in (b'"model":"n"', b'"messages":["Kestrel-7"]'):
        with pytest.raises(Unreadable):
            held(scans, b'{"model":"m","messages":["a"],' + again + b"}")


def test_memory_is_bounded_and_forgetting_hides_nothing() -> None:
    scans = Scans(POLICY, capacity=10)
    said = [{"role": "user", "content": WORD if n == 0 else str(n)} for n in range(50)]
    assert held(scans, msgspec.json.encode({"messages": said})) != NOTHING
    assert held(scans, msgspec.json.encode({"messages": said[:-1]})) != NOTHING
