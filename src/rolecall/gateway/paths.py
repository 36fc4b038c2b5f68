"""The hot endpoints, and the workspace that any path may begin with."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from rolecall.errors import RouteError
from rolecall.types import Dialect
from rolecall.wire.dialects import WIRES

_WORKSPACE = re.compile(r"/w/([^/]*)(/.*)?\Z", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


class Target(Struct, frozen=True):
    """A hot endpoint. `suffix` follows the URL of the dialect's own endpoint at a provider.

    `model` and `stream` are what the path says of them, in dialects in which it does.
    """

    dialect: Dialect
    endpoint: Literal["generate", "count_tokens"] = "generate"
    suffix: str = ""
    model: str | None = None
    stream: bool | None = None


TARGETS: dict[str, Target] = {
    **{
        wire.root + wire.path: Target(dialect)
        for dialect, wire in WIRES.items()
        if "{model}" not in wire.path
    },
    "/v1/messages/count_tokens": Target("anthropic.messages", "count_tokens", "/count_tokens"),
}
_GEMINI = re.compile(r"/v1(?:beta)?/models/(?P<model>.+):(?P<verb>[A-Za-z]+)\Z", re.DOTALL)
"""Gemini CLI asks under `/v1beta`, the SDK since 3.0 under `/v1`."""
_VERBS = ("generateContent", "streamGenerateContent", "countTokens")


def target_of(path: str) -> Target | None:
    """The hot endpoint at a path without its workspace."""
    found = TARGETS.get(path)
    named = _GEMINI.match(path) if found is None and ":" in path else None
    if named is None:
        return found
    verb = named["verb"]
    if verb not in _VERBS:
        return None
    return Target(
        "google.gemini",
        "count_tokens" if verb == "countTokens" else "generate",
        f":{verb}",
        model=named["model"],
        stream=verb == "streamGenerateContent",
    )


def split(path: str) -> tuple[str | None, str]:
    """The workspace and the rest of a decoded path. Raises `RouteError` on a bad name."""
    if not path.startswith("/w/"):
        return None, path
    found = _WORKSPACE.match(path)
    name = found.group(1) if found else ""
    if not _NAME.match(name):
        raise RouteError(
            f"{name!r} is no workspace name: use letters, digits, '.', '_' and '-', "
            "beginning with a letter or digit"
        )
    return name, (found.group(2) if found else None) or "/"


def dialect_of(path: str) -> Dialect:
    """The dialect whose error shape fits a path, known or not."""
    if "/v1beta/" in path or "/v1/models/" in path:
        return "google.gemini"
    if "/api/" in path:
        return "ollama.chat"
    found = [one for one in TARGETS if one in path]
    return TARGETS[max(found, key=len)].dialect if found else "openai.chat"
