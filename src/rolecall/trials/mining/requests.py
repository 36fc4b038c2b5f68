"""What an agent is asked, from a commit's message and the names of its tests alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rolecall.types import Kind

_TRAILER = re.compile(
    r"^(?:signed-off-by|co-authored-by|reviewed-by|acked-by|tested-by|reported-by|suggested-by|cc|"
    r"change-id|reviewed-on|differential revision|git-svn-id|pr-url|refs?|see also)\s*:.*$",
    re.IGNORECASE | re.MULTILINE,
)
_ISSUE = re.compile(
    r"\s*\(?(?:\b(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?|refs?|see|part of|gh)[ :-]*)?"
    r"(?:[\w.-]+/[\w.-]+)?#\d+\)?",
    re.IGNORECASE,
)
_LINK = re.compile(r"\s*\(?https?://\S+\)?")
_EMPTY = re.compile(r"\n{3,}")
_WORD = re.compile(r"[^\W\d_]{2,}")
_LEAST_WORDS = 3
_MOST_NAMES = 12
_LONGEST = 4_000
"""Characters of a message that are passed on."""
_SURE = 0.5
"""From this chance on the reader is followed: a message tells what was done, and is no request."""
_WORK: frozenset[Kind] = frozenset(
    {"implement", "fix", "refactor", "debugging", "architecture", "transform"}
)
"""Kinds that a change of source with tests can be."""
_FIRST_WORDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("fix", re.compile(r"(?i)^\W*(?:bug ?)?fix(?:e[sd]|ing)?\b|\b(?:bug|crash|regression)")),
    ("refactor", re.compile(r"(?i)^\W*(?:refactor|perf|simplif|clean|extract|move|rename)")),
)
"""What tells a kind where the reader is not sure: how commits are commonly headed."""

Read = Callable[[str], dict[Kind, float]]
"""Reads the chance of each kind off a text."""


def cleaned(message: str) -> str:
    """The message without trailers, links and numbers of issues, which lead to the solution."""
    text = "".join(mark for mark in message if mark.isprintable() or mark in "\n\t")
    for pattern in (_TRAILER, _LINK, _ISSUE):
        text = pattern.sub("", text)
    text = "\n".join(line.rstrip() for line in text.splitlines())
    return _EMPTY.sub("\n\n", text).strip()[:_LONGEST]


def says_enough(message: str) -> bool:
    """Whether the message tells what was done: three words at least."""
    return len(_WORD.findall(cleaned(message))) >= _LEAST_WORDS


def request(message: str, names: Sequence[str]) -> str:
    """The request of a mined task. `names` are the tests that will judge it, new ones first."""
    listed = "\n".join(f"- {name}" for name in names[:_MOST_NAMES])
    more = f"\n- and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return (
        f"{cleaned(message)}\n\n"
        "Make this change in the repository at hand. It will be judged by tests that are not in it "
        f"yet, by these names:\n{listed}{more}\n"
        "Tests that pass now have to pass afterwards, too."
    )


def kind_of(message: str, read: Read) -> Kind:
    """The kind by rolecall's own reader where it is sure, else by the subject, else `implement`."""
    text = cleaned(message)
    chances = read(text)
    likeliest = max(chances, key=lambda kind: chances[kind], default=None)
    if likeliest in _WORK and chances[likeliest] >= _SURE:
        return likeliest
    subject = text.partition("\n")[0]
    return next((kind for kind, words in _FIRST_WORDS if words.search(subject)), "implement")
