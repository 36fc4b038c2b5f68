"""Faults planted into a change, to see whether the tests that judge it notice.

Two sorts: one place of the change undone, as if it had been forgotten; and one token turned into
its opposite (DeMillo, Lipton, Sayward 1978). Pure: texts in, texts out.
"""

from __future__ import annotations

import ast
import difflib
import io
import random
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from msgspec import Struct

MOST = 6
"""Faults for one task."""
_SWAPS: Mapping[str, str] = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "+": "-",
    "-": "+",
    "and": "or",
    "or": "and",
    "&&": "||",
    "||": "&&",
    "True": "False",
    "False": "True",
    "true": "false",
    "false": "true",
    "not": "",
    "in": "not in",
    "is": "is not",
    "continue": "break",
    "break": "continue",
}
_TOKEN = re.compile(r"==|!=|<=|>=|&&|\|\||[A-Za-z_]\w*|\d+|[<>+-]")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|//.*|/\*.*?\*/|#.*")


Token = tuple[int, int, int]
"""A row, and the columns where a token begins and ends, from zero."""


class Mutant(Struct, frozen=True, kw_only=True):
    """A file with one fault in it, and what that is."""

    path: str
    text: str
    says: str


class Hunk(Struct, frozen=True):
    """Lines `a` to `b` of the text before that became `c` to `d` of the text after, from zero."""

    a: int
    b: int
    c: int
    d: int


def hunks(before: str, after: str) -> list[Hunk]:
    """The places where two texts differ."""
    matcher = difflib.SequenceMatcher(
        None, before.splitlines(keepends=True), after.splitlines(keepends=True), autojunk=False
    )
    return [Hunk(*span) for tag, *span in matcher.get_opcodes() if tag != "equal"]


Texts = Mapping[str, tuple[str, str]]
"""The text of each file before the change and after it."""


def mutants(texts: Texts, seed: str) -> list[Mutant]:
    """At most `MOST` faults for files with their texts before and after, drawn by `seed`.

    Half of them undo a place where there are several, since undoing the only one is what the task
    begins with. What would change nothing, or could not be parsed, is left out.
    """
    draw = random.Random(seed)  # noqa: S311 (a repeatable choice, no secret)
    undone = [(path, hunk) for path, pair in texts.items() for hunk in hunks(*pair)]
    turned = [(path, token) for path, pair in texts.items() for token in _tokens(path, *pair)]
    draw.shuffle(undone)
    draw.shuffle(turned)
    places = list(islice(_undone(texts, undone), MOST)) if len(undone) > 1 else []
    tokens = list(islice(_turned(texts, turned), MOST))
    half = max(MOST // 2, MOST - len(tokens))
    return [*places[:half], *tokens[: MOST - len(places[:half])]]


def _undone(texts: Texts, places: Iterable[tuple[str, Hunk]]) -> Iterator[Mutant]:
    for path, hunk in places:
        before, after = texts[path]
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
        text = "".join((*new[: hunk.c], *old[hunk.a : hunk.b], *new[hunk.d :]))
        if _differs(path, after, text):
            yield Mutant(path=path, text=text, says=f"{path}:{hunk.c + 1}: undone")


def _turned(texts: Texts, places: Iterable[tuple[str, Token]]) -> Iterator[Mutant]:
    for path, (row, start, end) in places:
        after = texts[path][1]
        lines = after.splitlines(keepends=True)
        word = lines[row][start:end]
        other = str(int(word) + 1) if word.isdigit() else _SWAPS[word]
        lines[row] = lines[row][:start] + other + lines[row][end:]
        text = "".join(lines)
        if _differs(path, after, text):
            says = f"{path}:{row + 1}: {word!r} turned into {other!r}"
            yield Mutant(path=path, text=text, says=says)


def _tokens(path: str, before: str, after: str) -> Iterator[Token]:
    """Tokens with an opposite in the lines that were changed."""
    changed = {row for hunk in hunks(before, after) for row in range(hunk.c, hunk.d)}
    found = _python(after) if path.endswith(".py") else _other(after.splitlines())
    return (token for token in found if token[0] in changed)


def _python(text: str) -> list[Token]:
    """Rows and columns of tokens with an opposite; strings and comments are none."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    sorts = {tokenize.OP, tokenize.NAME, tokenize.NUMBER}
    return [
        (token.start[0] - 1, token.start[1], token.end[1])
        for token in tokens
        if token.type in sorts and (token.string in _SWAPS or token.string.isdigit())
    ]


def _other(lines: Sequence[str]) -> list[Token]:
    """The same for other languages, one line at a time; what is quoted or commented is blanked."""
    found = []
    for row, line in enumerate(lines):
        blank = _QUOTED.sub(lambda match: " " * len(match[0]), line)
        found += [
            (row, token.start(), token.end())
            for token in _TOKEN.finditer(blank)
            if token[0] in _SWAPS or token[0].isdigit()
        ]
    return found


def _differs(path: str, after: str, text: str) -> bool:
    """Whether a fault can be noticed at all: of Python, whether it parses to something else."""
    if not path.endswith(".py"):
        return text != after
    try:
        return _essence(text) != _essence(after)
    except (SyntaxError, ValueError, RecursionError):
        return False


def _essence(text: str) -> str:
    """What a module does, without comments, layout, docstrings and annotations of arguments."""
    module = ast.parse(text)
    for node in ast.walk(module):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            body[:] = body[1:] or [ast.Pass()]
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
    return ast.dump(module)


def _is_text(node: object) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
