"""Re-addressing changes the value of `model` and not one byte beside it."""

from __future__ import annotations

import json
import resource
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rolecall.errors import BodyError
from rolecall.wire.readdress import readdress

MARK = "the model that is asked for"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(
    before=st.dictionaries(TEXT, VALUES, max_size=4),
    after=st.dictionaries(TEXT, VALUES, max_size=4),
    old=TEXT,
    new=TEXT,
    indent=st.sampled_from([None, 1, "\t", "\r\n"]),
    ascii_only=st.booleans(),
)
def test_only_the_model_value_changes(
    before: dict[str, Any], after: dict[str, Any], old: str, new: str, indent: Any, ascii_only: bool
) -> None:
    """Wherever the key stands and however the rest is written, all other bytes are the same."""
    fields = {**before, "model": MARK, **{k: v for k, v in after.items() if k != "model"}}
    text = json.dumps(fields, indent=indent, ensure_ascii=ascii_only)
    assume(text.count(json.dumps(MARK)) == 1)
    head, _, tail = text.partition(json.dumps(MARK))
    changed = readdress((head + json.dumps(old) + tail).encode(), new)
    assert changed.startswith(head.encode())
    assert changed.endswith(tail.encode())
    assert json.loads(changed[len(head.encode()) : len(changed) - len(tail.encode())]) == new


def test_key_that_stands_twice_is_refused() -> None:
    """Which of two models the provider would read is anyone's guess."""
    with pytest.raises(BodyError, match="twice"):
        readdress(b'{"a": 1, "a": 2, "model": "x"}', "y")


def test_nested_model_keys_are_left_alone() -> None:
    """Only the key of the body itself is the model."""
    body = b'{"x": {"model": "a"}, "y": "\\"model\\": 1", "model" :\n"b", "z": [{"model": "c"}]}'
    assert readdress(body, "new") == body.replace(b'"b"', b'"new"')


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 22, "model": "x"}',
        b'{"a": 12, "a": 1, "model": "x"}',
        b'{"a": 1, "a": 1, "model": "x"}',
        b'{"a": {"b": 1}, "a": 3, "model": "x"}',
        b'{"\\u0061": 1, "a": 2, "model": "x"}',
        b'{"a": 0, "b": {"a":0,"b":0,"model":"decoy"}, "model": "x", "a": 123456789}',
    ],
)
def test_value_that_hides_another_is_refused(body: bytes) -> None:
    """A second value never leads the walk to a `model` that is not the body's own."""
    with pytest.raises(BodyError, match="names a key twice; name each key once"):
        readdress(body, "new")


def test_repetition_after_the_model_passes() -> None:
    """What follows the model is forwarded as it came, whatever stands twice there."""
    body = b'{"model": "x", "a": 1, "a": 2}'
    assert readdress(body, "new") == body.replace(b'"x"', b'"new"')


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        (b'\n\t { "model"\r\n:\t"old" }\n', b'\n\t { "model"\r\n:\t"new" }\n'),
        (b'{"mod\\u0065l":"old"}', b'{"mod\\u0065l":"new"}'),
        (b'{"a":1e5,"model":"o\\"l\\\\d","b":1}', b'{"a":1e5,"model":"new","b":1}'),
        (b'{"a":"\\\\","model":"old"}', b'{"a":"\\\\","model":"new"}'),
        (b'{"":{},"model":""}', b'{"":{},"model":"new"}'),
        (b'{"a":"\xff\xfe","model":"old"}', b'{"a":"\xff\xfe","model":"new"}'),
    ],
)
def test_ways_to_write_it(body: bytes, changed: bytes) -> None:
    """White space, escapes, an empty key, and bytes that are no text stay as they were."""
    assert readdress(body, "new") == changed


def test_new_name_is_written_as_json() -> None:
    """A name with quotes and letters of any script stays one string."""
    body = readdress(b'{"model": "old"}', 'a"b\\ü\n')
    assert json.loads(body) == {"model": 'a"b\\ü\n'}


def test_key_that_is_no_text_is_refused() -> None:
    """Bytes that are not UTF-8 in a key before the model cannot be compared."""
    with pytest.raises(BodyError, match="not valid JSON"):
        readdress(b'{"\xff": 1, "model": "old"}', "new")


def test_body_without_a_model_is_refused() -> None:
    """Only a body that was not parsed before can come here."""
    with pytest.raises(BodyError, match="has no 'model'"):
        readdress(b'{"a": {"model": "x"}}', "new")


@pytest.mark.parametrize("body", [b'{"%s": 1, "model": "y"}', b'{"model": "%s"}'])
def test_megabytes_of_text_take_no_more_memory_than_they_are(body: bytes) -> None:
    """A regular expression that keeps a mark for each letter would take gigabytes here."""
    size = 8_000_000
    body %= b"x\\n" * (size // 3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    readdress(body, "new")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * size / 1024
