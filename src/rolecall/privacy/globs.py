"""Globs of paths as patterns that find such a path anywhere in a text."""

from __future__ import annotations

import re

_STEP = r"[^\s\"'`<>|:;,()\[\]{}/\\]"
"""A character of a file's name as it stands in text: quotes, brackets and spaces end it."""
_SLASH = r"[/\\]+"
_BEFORE = r"(?:^|[\s\"'`<>|:;,=()\[\]{}@/\\])"
_AFTER = r"(?:$|[\s\"'`<>|:;,()\[\]{}!?/\\]|\.(?:\s|$))"


def pattern(glob: str) -> str:
    """The RE2 pattern of a glob: `*` within a name, `**` over folders, `?` for one character.

    A relative glob holds below any folder, as in `.gitignore`; both slashes part folders; letters
    match in either case. `x/**` also finds the folder itself.
    """
    text = glob.strip().removeprefix("./")
    whole = text.endswith("/**")
    steps = text.removesuffix("/**").strip("/").split("/")
    parts = [_STEP + "*" if step == "**" else _name(step) for step in steps]
    body = _SLASH.join(parts).replace(
        f"{_STEP}*{_SLASH}", f"(?:{_STEP}+{_SLASH})*", _doubles(steps)
    )
    end = f"(?:{_SLASH}|{_AFTER})" if whole else _AFTER
    return f"(?im){_BEFORE}{body}{end}"


def _doubles(steps: list[str]) -> int:
    return sum(step == "**" for step in steps[:-1])


def _name(step: str) -> str:
    signs = {"*": _STEP + "*", "?": _STEP}
    return "".join(signs.get(sign) or re.escape(sign) for sign in step)


def matches(name: str, glob: str) -> bool:
    """Whether a whole name, such as a repository's address, fits a glob; `*` also takes slashes."""
    parts = [".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in glob]
    return re.fullmatch("".join(parts), name, re.IGNORECASE | re.DOTALL) is not None
