"""Texts with a secret drawn at random in a known place, and texts that only look like it.

What is planted comes from `secrets.toml` and, for one family, from kingfisher's own patterns. All
values are drawn when the benchmark runs, so that no credential stands in the repository.
"""

from __future__ import annotations

import base64
import random
import re
import string
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]  # the parser has no public name
from re import _parser as parser  # type: ignore[attr-defined]  # the parser has no public name
from typing import Any

from kingfisher_sdk import Rules
from msgspec import Struct, toml

_FILE = Path(__file__).with_name("secrets.toml")
_ALNUM = string.ascii_letters + string.digits
_LINES = 24


class Case(Struct, frozen=True):
    """A text and where its secret is, in bytes; `start` and `end` are 0 where there is none."""

    family: str
    text: bytes
    start: int = 0
    end: int = 0


class Book(Struct, frozen=True, forbid_unknown_fields=True):
    """`secrets.toml`."""

    values: dict[str, str]
    formats: dict[str, str]
    carriers: dict[str, str]
    assignments: dict[str, list[str]]
    negatives: dict[str, list[str]]


class Planter:
    """Draws cases; the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)  # noqa: S311 - a benchmark must repeat itself
        self._book = toml.decode(_FILE.read_bytes(), type=Book)
        self._values = {name: parser.parse(text) for name, text in self._book.values.items()}

    def formats(self, each: int) -> Iterator[Case]:
        """Formats written down by hand, each in some of the carriers."""
        for pattern in self._book.formats.values():
            tree = parser.parse(pattern)
            for _ in range(each):
                yield self._carried("vendor formats, written down by hand", self.sample(tree))

    def patterns(self, rules: Rules, each: int) -> tuple[list[Case], list[str]]:
        """Texts drawn from kingfisher's patterns, and the rules for which none could be drawn."""
        cases: list[Case] = []
        failed: list[str] = []
        for rule in (rule["id"] for rule in rules.metadata() if rule["visible"]):
            detail = rules.detail(rule)
            kind = "shown beside a partner" if detail["depends_on_rule"] else "shown alone"
            family = f"vendor formats, from kingfisher's patterns, {kind}"
            try:
                tree = parsed(detail["detection_regex"])
                drawn = [self.sample(tree).strip() for _ in range(each)]
            except (re.error, LookupError, ValueError):
                failed.append(rule)
                continue
            cases += [self._carried(family, text) for text in drawn]
        return cases, failed

    def private_keys(self, each: int) -> Iterator[Case]:
        for kind in ("RSA ", "EC ", "OPENSSH ", "", "ENCRYPTED ", "DSA "):
            for _ in range(each):
                lines = ["".join(self._draw.choices(_ALNUM + "+/", k=64)) for _ in range(_LINES)]
                begin, end = (
                    f"-----BEGIN {kind}PRIVATE KEY-----",
                    f"-----END {kind}PRIVATE KEY-----",
                )
                for key in _dressed([begin, *lines, end]):
                    text = key.encode()
                    yield Case("private keys", text, text.index(b"-----"), len(text))

    def assignments(self, each: int) -> Iterator[Case]:
        for family, templates in self._book.assignments.items():
            yield from self._filled(family, templates, each)

    def negatives(self, each: int) -> Iterator[Case]:
        for family, templates in self._book.negatives.items():
            yield from self._filled(family, templates, each)

    def sample(self, tree: Iterable[tuple[Any, Any]]) -> str:
        """A text that the pattern would match, short where it repeats without a least number."""
        return "".join(self._drawn(what, details) for what, details in tree)

    def _drawn(self, what: object, details: Any) -> str:
        match what:
            case op.LITERAL:
                return chr(details)
            case op.IN:
                return self._draw.choice(_members(details))
            case op.NOT_LITERAL | op.ANY | op.AT:
                return "" if what is op.AT else self._draw.choice(string.ascii_lowercase)
            case op.MAX_REPEAT | op.MIN_REPEAT:
                least, most, inner = details
                times = self._draw.randint(least, min(int(most), least + (12 if least else 1)))
                return "".join(self.sample(inner) for _ in range(times))
            case op.SUBPATTERN:
                return self.sample(details[3])
            case op.BRANCH:
                return self.sample(self._draw.choice(details[1]))
        raise ValueError(f"No text can be drawn for {what!r}.")

    def _carried(self, family: str, secret: str) -> Case:
        before, after = self._draw.choice([*self._book.carriers.values()]).split("«»")
        if "\n" in secret or re.search(r"[\s'\"=:]", secret):
            before, after = "# settings\n", "\n"
        before, after = self._fill(before)[0], self._fill(after)[0]
        start = len(before.encode())
        end = start + len(secret.encode())
        return Case(family, (before + secret + after).encode(), start, end)

    def _filled(self, family: str, templates: list[str], each: int) -> Iterator[Case]:
        for template in templates:
            for _ in range(each):
                text, (start, end) = self._fill(template)
                yield Case(
                    family, text.encode(), len(text[:start].encode()), len(text[:end].encode())
                )

    def _fill(self, template: str) -> tuple[str, tuple[int, int]]:
        """The text, and where its secret is, in characters."""
        parts: list[str] = []
        place = (0, 0)
        for literal, secret, name in _parts(template):
            text = self._value(name) if name else literal
            if secret:
                start = sum(map(len, parts))
                place = (start, start + len(text))
            parts.append(text)
        return "".join(parts), place

    def _value(self, name: str) -> str:
        if name != "basic":
            return self.sample(self._values[name])
        pair = f"svc:{self._value(self._draw.choice(['random', 'weak']))}"
        return base64.b64encode(pair.encode()).decode()


def parsed(pattern: str) -> Any:
    """Rust's syntax as Python reads it: flags go to the front, and classes are spelled out."""
    plain = pattern.replace(r"\z", r"\Z").replace("[:alnum:]", "A-Za-z0-9")
    if "(?i)" in plain:
        plain = "(?i)" + plain.replace("(?i)", "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return parser.parse(plain)


def _members(items: Iterable[tuple[Any, Any]]) -> str:
    found: list[str] = []
    negated = False
    for what, details in items:
        if what is op.NEGATE:
            negated = True
        elif what is op.LITERAL:
            found.append(chr(details))
        elif what is op.RANGE:
            found += map(chr, range(details[0], details[1] + 1))
        else:
            found += _CATEGORIES.get(details, _ALNUM)
    if negated:
        return "".join(sorted(set(_ALNUM) - set(found)))
    printable = "".join(character for character in found if character.isprintable())
    return printable or "".join(found)


def _parts(template: str) -> Iterator[tuple[str, bool, str]]:
    """Literal text, or whether it is the secret and the name of its values."""
    at = 0
    for match in re.finditer(r"@@|@(!?)(\w+)@", template):
        yield template[at : match.start()], False, ""
        yield ("@", False, "") if match[0] == "@@" else ("", bool(match[1]), match[2])
        at = match.end()
    yield template[at:], False, ""


def _dressed(lines: list[str]) -> Iterator[str]:
    """A key as files, diffs, numbered listings and strings show it, and one that was cut off."""
    yield "\n".join(lines)
    yield "\n".join(f"      {line}" for line in lines)
    yield "\n".join(f"+{line}" for line in lines)
    yield "\n".join(f"{number:6}\t{line}" for number, line in enumerate(lines, 1))
    yield "\n".join(f"{number:6}→{line}" for number, line in enumerate(lines, 1))
    yield 'KEY = "' + "\\n".join(lines)
    yield "\n".join(lines[:6])


_CATEGORIES = {
    op.CATEGORY_DIGIT: string.digits,
    op.CATEGORY_WORD: _ALNUM,
    op.CATEGORY_SPACE: " ",
}
