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
    """A hot endpoint. `suffix` follows the URL of the dialect's own endpoint at a provider."""

    dialect: Dialect
    endpoint: Literal["generate", "count_tokens"] = "generate"
    suffix: str = ""


TARGETS: dict[str, Target] = {
    **{f"/v1{wire.path}": Target(dialect) for dialect, wire in WIRES.items()},
    "/v1/messages/count_tokens": Target("anthropic.messages", "count_tokens", "/count_tokens"),
}


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
    for target_path, target in TARGETS.items():
        if target_path in path:
            return target.dialect
    return "openai.chat"
