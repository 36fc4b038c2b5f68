"""Names that a tool goes by where there are neither namespaces nor tools of other forms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b

from rolecall.wire.translate.conversation import Form, Tool

_LONGEST = 64
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


class Names:
    """From the plain name of a tool to the tool, the same for the same tools."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            self._tools.setdefault(plain(tool.name, tool.namespace), tool)

    def called(self, name: str) -> tuple[str, str | None, Form]:
        """Name, namespace and form of the tool that goes by this name; a strange one stays."""
        tool = self._tools.get(name)
        return (name, None, "function") if tool is None else (tool.name, tool.namespace, tool.form)


def plain(name: str, namespace: str | None) -> str:
    """At most 64 letters, digits, `_` and `-`, which all dialects take; digests keep it unique."""
    whole = name if namespace is None else f"{namespace}__{name}"
    short = _FOREIGN.sub("_", whole)
    if short == whole and len(short) <= _LONGEST:
        return whole
    digest = blake2b(whole.encode("utf-8", "replace"), digest_size=4).hexdigest()
    return f"{short[: _LONGEST - 9]}_{digest}"
