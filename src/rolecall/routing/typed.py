"""What a person typed in a turn, apart from what was pasted, attached or wrapped around it.

Classifiers of coding prompts fail on what surrounds the words: harness tags, code, traces, logs.
So these are taken out before anything is read; a diff, a stack trace, a path, a link or a question
mark stays as a mark of its own. Code and harness tags leave no mark at all: a turn means the same
with or without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

HEAD, TAIL = 6_000, 2_000
"""Characters at the beginning and at the end of a turn that are looked at."""
_READ_HEAD, _READ_TAIL = 260, 120
"""Characters of the stripped text that are read: the ask stands first or last."""

_ASKS = frozenset(
    {
        *("user_query", "user-query", "user_request", "user_message", "user-message"),
        *("command-args", "task", "query", "prompt", "question", "request", "feedback"),
        *("instruction", "instructions", "message", "answer"),
    }
)
"""Tags in which harnesses put the person's own words."""
_COMMAND = "command-name"
"""Claude Code writes a typed `/review` as this tag."""

_FENCE = re.compile(r"(`{3,}|~{3,}).*?(?:\1|\Z)", re.DOTALL)
_TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)(?:\s[^<>]*)?(/?)>")
_LINK = re.compile(r"https?://\S+")
_PATH = re.compile(r"(?:^|[\s`'\"(@])(?:[\w.~-]*/[\w./-]*[\w-]|[\w-]+\.[a-z]{1,5}\b)")
_DIFF = re.compile(r"^(?:diff --git |@@ -\d|\+\+\+ \S|--- [ab]/)", re.MULTILINE)
_TRACE = re.compile(
    r"Traceback \(most recent|^[ \t]+at \S.*:\d+|\bFile \"[^\"]+\", line \d+|^panic: |\b[A-Z]\w*"
    r"(?:Error|Exception)\b:|^error(?:\[\w+\])?: |\bnpm ERR!|^E   \w",
    re.MULTILINE,
)
_TRACE_HINTS = (
    *("rror:", "rror[", "Exception:", "Traceback", "panic: ", "npm ERR!", "E   "),
    *("\n    at ", "\n  at ", "\n\tat ", 'File "'),
)
_PASTED = (
    ("diff", ("diff --git", "@@ -", "+++ ", "--- "), _DIFF),
    ("trace", _TRACE_HINTS, _TRACE),
)
"""Marks with what is looked for first: a search for a plain word is much the faster one."""
_OUTPUT = re.compile(
    r"\s*(?:[$#%\u276f\u00bb]\s|>{1,3}\s|[|│├└┌╭╰]|[+-]{2,}|"
    r"\d{4}-\d\d-\d\d[T ]\d\d:|\[?\d\d:\d\d:\d\d|"
    r"\[?(?:INFO|WARN|WARNING|ERROR|DEBUG|TRACE)\b|at \S+ ?\(|File \"|import \w|from \w\S* import |"
    r"def \w+\(|class \w+[(:{]|function \w*\(|const \w|let \w+ =|var \w|return\b.*[;)]$|#include|"
    r"public |private |</?\w|//|/\*|\* @|@@|diff --git|\w+(?:Error|Exception): )"
)
_SYMBOLS = re.compile(r"[{}()\[\];=<>|\\$&*+^~\"]")
_CODE_ENDS = (";", "{", "}", "};", "})", "});", "],", "),", "->", "=>")
_DENSE = 0.14
"""Share of symbols from which a line is code rather than prose."""
_ASKING = ("?", "\uff1f", "\u00bf", "\u061f")
"""Question marks: plain, full width, Spanish opening, Arabic."""
_SPACES = re.compile(r"\s+")


class Typed(Struct, frozen=True, kw_only=True):
    """`words` is what is read, on one line. `length` counts all that was typed, in characters."""

    words: str
    length: int
    marks: tuple[str, ...]


def typed(text: str) -> Typed:
    """The person's own words, and marks of what was taken out. Any text will do."""
    text = ends(text, HEAD, TAIL)
    marks = [name for name, hints, pattern in _PASTED if _any(hints, text) and pattern.search(text)]
    if "```" in text or "~~~" in text:
        text = _FENCE.sub("\n", text)
    if "<" in text:
        text = unwrapped(text)
    if "\n" in text.strip():
        text = "\n".join(line for line in text.split("\n") if not _is_pasted(line))
    if "://" in text:
        text = _LINK.sub(" ", text)
        marks.append("link")
    if _PATH.search(text):
        marks.append("path")
    words = _SPACES.sub(" ", text).strip()
    if words.endswith(_ASKING):
        marks.append("asks")
    elif _any(_ASKING, words):
        marks.append("question")
    return Typed(words=ends(words, _READ_HEAD, _READ_TAIL), length=len(words), marks=tuple(marks))


def speaks(text: str) -> bool:
    """Whether a person typed in it, even if a harness wrapped their words in tags."""
    if not text.lstrip().startswith("<"):
        return bool(text.strip())
    return bool(unwrapped(ends(text, HEAD, TAIL)).strip())


def _any(hints: Sequence[str], text: str) -> bool:
    return any(hint in text for hint in hints)


def unwrapped(text: str) -> str:
    """The text without blocks in tags. Tags that hold the person's words only lose their marks.

    A block is a tag at the beginning of a line up to its partner; a tag within a line, or without
    a partner, is itself dropped and what follows it stays.
    """
    tags = list(_TAG.finditer(text))
    return "".join(_outside(text, tags, _partners(tags), range(len(tags)), (0, len(text))))


def _partners(tags: Sequence[re.Match[str]]) -> dict[int, int]:
    """The place of the closing tag by that of the opening one, where it has one."""
    waiting: dict[str, list[int]] = {}
    found: dict[int, int] = {}
    for place, tag in enumerate(tags):
        name = tag[2].lower()
        if not tag[1]:
            waiting.setdefault(name, []).append(place)
        elif waiting.get(name):
            found[waiting[name].pop()] = place
    return found


def _outside(
    text: str,
    tags: Sequence[re.Match[str]],
    partners: Mapping[int, int],
    places: range,
    span: tuple[int, int],
) -> Iterator[str]:
    """What stands outside of blocks, and the person's words within them."""
    at, end = span
    skip = -1
    for place in places:
        tag = tags[place]
        if place <= skip:
            continue
        before = text[at : tag.start()]
        yield before
        yield " "
        at = tag.end()
        partner = partners.get(place)
        if partner is None or tag[3] or tag[2].lower() in _ASKS or not _begins_line(before):
            continue
        skip, at = partner, tags[partner].end()
        yield from _said_within(text, tags, partners, range(place, partner))
    yield text[at:end]


def _said_within(
    text: str, tags: Sequence[re.Match[str]], partners: Mapping[int, int], block: range
) -> Iterator[str]:
    """What a person said inside of a harness block: a typed command, or an ask nested in it."""
    if tags[block.start][2].lower() == _COMMAND:
        yield text[tags[block.start].end() : tags[block.stop].start()]
    for place in block:
        end = partners.get(place)
        if end is not None and tags[place][2].lower() in _ASKS:
            span = (tags[place].end(), tags[end].start())
            yield from ("\n", *_outside(text, tags, partners, range(place + 1, end), span))
            break
    yield "\n"


def _begins_line(before: str) -> bool:
    """`before` stands between this tag and the one before it."""
    rest = before.rstrip(" \t")
    return not rest or rest.endswith("\n")


def _is_pasted(line: str) -> bool:
    """Code, output of a program, a table, a trace: whatever people paste and do not type."""
    stripped = line.strip()
    if len(stripped) < 3:
        return bool(stripped) and not stripped.isalnum()
    if stripped.endswith(_CODE_ENDS) or _OUTPUT.match(line):
        return True
    return len(_SYMBOLS.findall(stripped)) > _DENSE * len(stripped)


def ends(text: str, head: int, tail: int) -> str:
    """The beginning and the end of a text, in so many characters."""
    return text if len(text) <= head + tail else f"{text[:head]}\n{text[-tail:]}"
