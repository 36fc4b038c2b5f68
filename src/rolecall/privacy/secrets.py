"""Secrets in text: kingfisher's rules for known formats, and our own for the rest.

Our rules look for a name that holds a secret and judge the value beside it. A secret is drawn at
random, and random letters rarely make the pairs that words are made of; a placeholder does.
"""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import pairwise

import msgspec
import re2
from kingfisher_sdk import DetectionPolicy, Rules, Scanner
from msgspec import Struct


class Secret(Struct, frozen=True):
    """`rule` names the format; `start` and `end` are byte offsets in what was scanned."""

    rule: str
    start: int
    end: int


class Mark(Struct, frozen=True, forbid_unknown_fields=True):
    """A secret that follows `after`, or, `whole`, starts with it, and has this shape.

    Unless `sure`, it is drawn at random or, with `ease`, made up by a person. What is `wrapped` is
    `user:password` in base64.
    """

    rule: str
    after: str
    then: str
    shape: str
    shortest: int = 8
    ease: int = 0
    whole: bool = False
    wrapped: bool = False
    sure: bool = False


class Lexicon(Struct, frozen=True, forbid_unknown_fields=True):
    """`secrets.toml`. `about`, `paging`, `stops` and `pairs` are lists of words."""

    about: str
    paging: str
    stops: str
    pairs: str
    components: list[str]
    reference: str
    code: str
    names: dict[str, list[str]]
    assigned: str
    mark: list[Mark]


class SecretScanner:
    """Compiles its rules once (about 0.5 s, or 5 s while `cache` is empty); `find` is pure.

    `cache` is the folder of kingfisher's compiled rules; without one nothing is written. No
    comment in the text switches a rule off, and no context hides a secret from one.
    """

    def __init__(self, cache: str | None = None) -> None:
        lexicon = load_lexicon()
        policy = DetectionPolicy(
            inline_ignores=False,
            markup_context=False,
            cli_match_semantics=False,
            base64_max_input_bytes=None,
        )
        rules = Rules(cache=cache is not None, cache_dir=cache)
        self._formats = Scanner(rules, policy=policy)
        self._hidden = frozenset(f"betterleaks.{name}" for name in lexicon.components)
        self._assignments = Assignments(lexicon)
        self._values = Values(lexicon)

    def find(self, data: bytes) -> list[Secret]:
        """In order of `start`. Findings that overlap are one, named after the first and longest."""
        plain = _legible(data)
        found = [*self._known(plain), *self._assignments.find(plain)]
        return _merged(sorted(found, key=lambda secret: (secret.start, -secret.end)))

    def _known(self, data: bytes) -> Iterator[Secret]:
        for finding in self._formats.scan(data):
            rule, at = finding.rule_id, finding.location
            start, end = at["start_offset"], at["end_offset"]
            if not (finding.visible or rule in self._hidden):
                continue
            if rule.endswith("generic-credential-uri") and self._values.stand_in(data[start:end]):
                continue
            yield Secret(rule.removeprefix("betterleaks."), start, end)


class Assignments:
    """Our own rules: one pattern finds candidates, a judge of values decides."""

    def __init__(self, lexicon: Lexicon) -> None:
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.never_capture = True
        options.max_mem = 64 << 20
        pattern = _pattern(lexicon)
        self._candidates = re2.compile(pattern, options)
        self._candidate = re.compile(pattern)
        self._kinds = tuple(lexicon.names)
        self._marks = {f"m{at}": mark for at, mark in enumerate(lexicon.mark)}
        self._shapes = {name: _compiled(mark.shape) for name, mark in self._marks.items()}
        self._about = frozenset(lexicon.about.encode().split())
        self._paging = tuple(lexicon.paging.encode().split())
        self._values = Values(lexicon)

    def find(self, data: bytes) -> Iterator[Secret]:
        """Goes on soon after a candidate's name, as its value may hold the next name."""
        at = 0
        while place := self._candidates.search(data, at):
            match = self._candidate.match(data, place.start())
            secret = self._judged(data, match) if match else None
            if secret:
                yield secret
            at = secret.end if secret else max(place.end() - 5, place.start() + 3)

    def _judged(self, data: bytes, match: re.Match[bytes]) -> Secret | None:
        kind = next((kind for kind in self._kinds if match[kind]), None)
        if kind:
            return self._assigned(data, match, kind)
        name = next(name for name in self._marks if match[name])
        whole = self._marks[name].whole
        return self._marked(data, name, match.start() if whole else match.end(name))

    def _assigned(self, data: bytes, match: re.Match[bytes], kind: str) -> Secret | None:
        last = _LAST_WORD.search(match["rest"])
        if last and last.group().lower() in self._about:
            return None
        begin, quote = match.start(), match["quote"] or b""
        start = match.end("quote") if quote else match.start("bare")
        end = _closing(data, start, quote, data[max(0, begin - 1) : begin])
        between = data[match.end("rest") : start].strip()
        listed = match["rest"] and b"," in between
        if listed or end is None or (kind == "token" and self._pages(data, begin, start, end)):
            return None
        name = _NAME.search(data, max(0, begin - 60), match.end("rest"))
        alone = not quote and _alone(data, begin, start, end)
        ease = _ease(kind, name.group() if name else b"", between, alone=alone)
        if self._values.hold(data[start:end], _SHORTEST[kind], ease):
            return Secret(f"assignment.{kind}", start, end)
        return None

    def _pages(self, data: bytes, begin: int, start: int, end: int) -> bool:
        """Whether a token only names a place in a list, or a request."""
        ahead = data[max(0, begin - 16) : begin].rstrip(b"_-").lower()
        return ahead.endswith(self._paging) or _UUID.fullmatch(data, start, end) is not None

    def _marked(self, data: bytes, name: str, start: int) -> Secret | None:
        """What stands behind a mark of its own, such as `Bearer` or `--password`."""
        mark, match = self._marks[name], self._shapes[name].match(data, start)
        if match is None:
            return None
        value = _password(match.group()) if mark.wrapped else match.group()
        if mark.sure or self._values.hold(value, mark.shortest, mark.ease):
            return Secret(mark.rule, *match.span())
        return None


class Values:
    """Judges whether a value beside the name of a secret is one."""

    def __init__(self, lexicon: Lexicon) -> None:
        stops = sorted(lexicon.stops.encode().split(), key=len, reverse=True)
        self._stops = re.compile(b"|".join(stops))
        self._pairs = frozenset((pair[0], pair[1]) for pair in lexicon.pairs.encode().split())
        self._reference = _compiled(lexicon.reference)
        self._code = _compiled(lexicon.code)

    def hold(self, value: bytes, shortest: int, ease: int) -> bool:
        """`ease` is how weak a password may be: 2 where a person sets one, 1 in code, 0 nowhere."""
        if self._reference.search(value) or self._code.search(value):
            return False
        return (len(value) >= shortest and self._drawn(value)) or self._made_up(value, ease)

    def stand_in(self, value: bytes) -> bool:
        """Whether a value only shows where a secret goes."""
        rest = self._stops.sub(b"", value.lower()).strip(_TRIVIAL)
        return not rest or self._reference.search(value) is not None

    def _made_up(self, value: bytes, ease: int) -> bool:
        """A password of a person: letters with digits, and no placeholder."""
        if not ease or not (6 if ease > 1 else 8) <= len(value) <= 64:
            return False
        if not (_LETTER.search(value) and _DIGIT.search(value)):
            return False
        return not (self._stops.search(value.lower()) or _DOTTED.fullmatch(value))

    def _drawn(self, value: bytes) -> bool:
        """Whether the characters look drawn at random."""
        low = self._stops.sub(b" ", value[:96].lower())
        odd = even = 0
        for left, right in pairwise(low):
            if left in _LETTERS and right in _LETTERS:
                reads = (left, right) in self._pairs or right - left in {0, 1}
                odd, even = odd + (not reads), even + reads
            elif (left in _LETTERS and right in _DIGITS) or (left in _DIGITS and right in _LETTERS):
                odd += 1
        return odd >= 4 and odd >= (odd + even) * _ODD


def _legible(data: bytes) -> bytes:
    """Without what makes kingfisher take text for another encoding, at the same offsets."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        data = b"  " + data[2:]
    return data.replace(b"\0", b" ")


def _merged(found: Iterable[Secret]) -> list[Secret]:
    merged: list[Secret] = []
    for secret in found:
        last = merged[-1] if merged else None
        if last is None or secret.start >= last.end:
            merged.append(secret)
        elif secret.end > last.end:
            merged[-1] = Secret(last.rule, last.start, secret.end)
    return merged


def _closing(data: bytes, start: int, quote: bytes, before: bytes) -> int | None:
    """Where the value ends; None for what goes on over spaces, as sentences do."""
    query = before if before in (b"?", b"&") else quote[-1:]
    match = _WITHIN[query].match(data, start)
    if match is None:
        return None
    end = match.end()
    if not quote or end == len(data) or data[end : end + 1] == quote[-1:]:
        return end
    return end if data[end : end + 2] == quote else None


def _alone(data: bytes, name: int, start: int, end: int) -> bool:
    """Whether the line holds this assignment and nothing else, as lines of configuration do."""
    begins = data.rfind(b"\n", max(0, name - 120), name) + 1
    ahead = data[max(begins, name - 120) : name]
    behind = data[end : end + 2].strip(b" \t\r")
    separated = data[start - 2 : start].strip()[-1:] in (b":", b"=")
    return bool(separated and _PLAIN_START.fullmatch(ahead)) and behind[:1] in b"\n#;&\\"


def _ease(kind: str, name: bytes, between: bytes, *, alone: bool) -> int:
    """How weak a password may be to count: 2 where a person sets one, 1 in code, 0 elsewhere."""
    if kind in {"token", "key"} or b"," in between:
        return 0
    if kind == "secret":
        return int(name.isupper() and b"SECRET" in name)
    setting = name.isupper() or name in {b"Password", b"Pwd"} or between in _SPOKEN
    return 2 if alone or setting else 1


def _password(value: bytes) -> bytes:
    """The password of `user:password` in base64, or nothing."""
    try:
        plain = base64.b64decode(value + b"==")
    except binascii.Error:
        return b""
    return plain.partition(b":")[2] if plain.isascii() else b""


def load_lexicon() -> Lexicon:
    text = files("rolecall.privacy").joinpath("secrets.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Lexicon)


def _pattern(lexicon: Lexicon) -> bytes:
    kinds = "|".join(f"(?P<{kind}>{'|'.join(parts)})" for kind, parts in lexicon.names.items())
    marks = [f"(?P<m{at}>{mark.after}){mark.then}" for at, mark in enumerate(lexicon.mark)]
    whole = f"(?i)(?:{kinds}){lexicon.assigned}|{'|'.join(marks)}"
    return whole.replace("\n", "").encode()


def _compiled(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.replace("\n", "").encode())


_WITHIN = {
    b"?": re.compile(rb"[^\s\"'`<>,;&#]{6,256}"),
    b"&": re.compile(rb"[^\s\"'`<>,;&#]{6,256}"),
    b"": re.compile(rb"[^\s\"'`<>,;]{6,256}"),
    b'"': re.compile(rb"[^\s\"\\]{6,256}"),
    b"'": re.compile(rb"[^\s'\\]{6,256}"),
    b"`": re.compile(rb"[^\s`\\]{6,256}"),
}
_SHORTEST = {"password": 8, "secret": 10, "token": 12, "key": 10}
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset(b"0123456789")
_LETTER, _DIGIT = re.compile(rb"[A-Za-z]"), re.compile(rb"\d")
_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DOTTED = re.compile(rb"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_SPOKEN = (b"is", b"was", b"to", b"is:", b"was:", b"to:")
_ODD = 0.3
"""The share of odd pairs of letters in words is below this, and in random letters above."""
_TRIVIAL = b"0123456789._-*#!?xX"
_LAST_WORD = re.compile(rb"(?:[A-Z]?[a-z]+|[A-Z]+)(?=\d*$)")
_NAME = re.compile(rb"[\w.-]+$")
_PLAIN_START = re.compile(
    rb"[ \t\d+|>#-]*(?:\xe2\x86\x92)?[ \t]*(?:export |ENV |set |-e )?[\w.-]*", re.IGNORECASE
)
