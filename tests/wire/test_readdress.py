"""Re-addressing changes the value of `model` and not one byte beside it."""

from __future__ import annotations

import json
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
