"""One value of a JSON text is changed, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from rolecall.connect.client import Broken, Setting, Value
from rolecall.connect.forms import jsonc

KEYS = st.text(min_size=1, max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def put(text: str, path: tuple[str, ...], value: Value) -> str:
    return jsonc.put(text, (Setting(path=path, value=value),))


def expected(value: Any, path: list[str], new: Any) -> Any:
    if not path:
        return new
    found = dict(value) if isinstance(value, dict) else {}
    return {**found, path[0]: expected(found.get(path[0]), path[1:], new)}


@given(
    value=st.dictionaries(KEYS, VALUES, max_size=4),
    path=st.lists(KEYS, min_size=1, max_size=3),
    new=st.text() | st.dictionaries(KEYS, st.text(), max_size=2),
    indent=st.none() | st.integers(0, 4),
)
def test_it_is_what_a_dictionary_would_hold(
    value: dict[str, Any], path: list[str], new: Any, indent: int | None
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    changed = put(text, tuple(path), new)
    assert json.loads(changed) == expected(value, path, new)
    marked = "\ufeff" + text
    assert put(marked, tuple(path), new) == "\ufeff" + changed


@given(value=st.dictionaries(KEYS, VALUES, max_size=4), key=KEYS, inner=KEYS)
def test_taken_out_it_is_as_before(value: dict[str, Any], key: str, inner: str) -> None:
    """But for an object that was empty, which goes with its only member."""
    text, path = json.dumps(value), (key, inner)
    if isinstance(value.get(key, {"a": 1}), dict) and value.get(key) != {}:
        setting = Setting(path=path, value="new")
        assert json.loads(jsonc.take(put(text, path, "new"), text, (setting,))) == value


def test_comments_and_commas_stay() -> None:
    text = '// a\n{\n  "a": 1, /* b */\n  "c": [1, 2,], // d\n}\n'
    changed = put(text, ("e",), "f")
    assert changed == '// a\n{\n  "a": 1, /* b */\n  "c": [1, 2,],\n  "e": "f", // d\n}\n'
    assert put(changed, ("a",), "2").replace('"2"', "1") == changed


@pytest.mark.parametrize("text", ["[1]", '{"a" 1}', '{"a": 1', '{"a": 1 "b": 2}', "{a: 1}"])
def test_what_is_no_json_is_said_with_its_line(text: str) -> None:
    with pytest.raises(Broken, match="line 2 is not valid JSON"):
        put("\n" + text, ("z",), "v")
