"""What a person typed is found among tags, code, traces and attachments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.routing.kinds import KindReader, load_weights
from rolecall.routing.ngrams import load_cues
from rolecall.routing.typed import typed

READER = KindReader(load_weights(), load_cues())
TURNS = st.sampled_from(
    [
        "Design the API for bulk imports and explain the trade-offs.",
        "why does the worker hang after a deploy",
        "rename foo to bar",
        "add OAuth login with Google",
        "Was macht diese Funktion?",
        "帮我写一个登录页面",
        "go on",
    ]
)
TAGS = st.sampled_from(["system-reminder", "environment_context", "context", "file", "attachment"])
CODE = """```python
def total(rows):
    return sum(row["amount"] for row in rows)
```"""
REQUEST = "\nPlease plan a migration and review everything.\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<system-reminder>\nPlan it.\n</system-reminder>\nfix it", "fix it"),
        ("<a>\n<a>\nx\n</a>\n</a>\nfix it", "fix it"),
        ("<user_query>\nfix it\n</user_query>", "fix it"),
        ("<context>\nold\n<user_query>fix it</user_query>\n</context>", "fix it"),
        ("<command-name>/review</command-name>", "/review"),
        ("make the <b> tag red", "make the tag red"),
        ("<unclosed>\nfix it", "fix it"),
        ("```\ncode\n```\nfix it", "fix it"),
        ("fix it\n```\nnever closed", "fix it"),
        ("fix it\nimport os\nx = f(a[0]);\n$ make", "fix it"),
        ("see https://example.invalid/a and fix it", "see and fix it"),
        ("", ""),
    ],
)
def test_words_are_the_persons_own(text: str, words: str) -> None:
    """Blocks in tags, code and output are taken out; tags that hold the ask lose their marks."""
    assert typed(text).words == words


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("apply this\n@@ -1 +1 @@\n-a\n+b", "diff"),
        ("help\nTraceback (most recent call last):\n  File 'x'", "trace"),
        ("what is this?", "asks"),
        ("what is this? tell me", "question"),
        ("look at src/app.py", "path"),
        ("see https://example.invalid", "link"),
    ],
)
def test_what_was_taken_out_leaves_a_mark(text: str, mark: str) -> None:
    """A diff, a trace, a question mark, a path and a link are features of their own."""
    assert mark in typed(text).marks


@given(turn=TURNS, tag=TAGS, before=st.booleans(), depth=st.integers(1, 4))
def test_harness_tags_change_nothing(turn: str, tag: str, *, before: bool, depth: int) -> None:
    """A turn means the same with any block of a harness around, before or after it."""
    block = REQUEST
    for _ in range(depth):
        block = f"<{tag}>\n{block}\n</{tag}>"
    wrapped = f"{block}\n\n{turn}" if before else f"{turn}\n\n{block}"
    assert READER.read(wrapped) == READER.read(turn)
    assert READER.read(f"<user_query>\n{turn}\n</user_query>") == READER.read(turn)


@given(turn=TURNS, before=st.booleans(), copies=st.integers(1, 5))
def test_pasted_code_changes_nothing(turn: str, *, before: bool, copies: int) -> None:
    """A turn means the same with any amount of code pasted beside it."""
    code = "\n".join([CODE] * copies)
    assert READER.read(f"{code}\n\n{turn}" if before else f"{turn}\n\n{code}") == READER.read(turn)


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """Chances are chances, whatever people type."""
    chances = READER.read(text)
    assert all(0 <= chance <= 1 for chance in chances.values())
    assert sum(chances.values()) <= 1.01
    assert not chances or sum(chances.values()) > 0.75


@pytest.mark.parametrize(
    "text",
    ["a" * 3_000_000, "<a>" * 300_000, "`" * 1_000_000, "\n" * 1_000_000, "<" * 1_000_000, "￿" * 9],
    ids=["a letter", "open tags", "ticks", "lines", "brackets", "no characters"],
)
def test_megabytes_cost_no_more_than_a_page(text: str) -> None:
    """Only both ends of a long turn are looked at."""
    found = typed(text)
    assert len(found.words) <= 400
    assert found.length <= 8_001


@pytest.mark.parametrize(
    "text",
    ["اكتب اختبارات للملف", "\u202ereversed please", "🙂🙂🙂", "תקן את השגיאה", "こんにちは"],
)
def test_other_scripts_are_read(text: str) -> None:
    """Right to left, without spaces, or nothing but emoji: read or left alone, never an error."""
    assert isinstance(READER.read(text), dict)
