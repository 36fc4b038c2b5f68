"""Which headers pass, in both directions. What is not named here passes untouched."""

from __future__ import annotations

from collections.abc import Iterable

from rolecall.types import Dialect

Header = tuple[bytes, bytes]

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""RFC 9110, section 7.6.1, and the older ones that clients still send."""

CREDENTIALS = frozenset({b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key", b"cookie"})

_REWRITTEN = frozenset(
    {b"host", b"content-length", b"content-encoding", b"accept-encoding", b"expect"}
)
"""Written anew: the body leaves decompressed and re-addressed, and an answer that nobody
compressed can be read while it passes."""

_STOP = HOP_BY_HOP | CREDENTIALS | _REWRITTEN
_OWN = b"x-rolecall-"


def outbound(headers: Iterable[Header], *, own_credentials: bool) -> list[Header]:
    """The client's headers as they go to a provider; its key only with `auth = "client"`."""
    named: frozenset[bytes] = frozenset()
    passed: list[Header] = []
    for name, value in headers:
        if name == b"connection":
            named = _names(value)
        if name in _STOP and not (own_credentials and name in CREDENTIALS and name != b"cookie"):
            continue
        if not name.startswith(_OWN):
            passed.append((name, value))
    if named:
        passed = [(name, value) for name, value in passed if name not in named]
    passed.append((b"accept-encoding", b"identity"))
    return passed


def keyed(headers: list[Header], query: bytes) -> tuple[list[Header], bytes]:
    """A key that a client of Gemini's writes into its address, as the header that it stands for."""
    if not query or b"key=" not in query:
        return headers, query
    parts = query.split(b"&")
    keys = [part[4:] for part in parts if part.startswith(b"key=")]
    rest = b"&".join(part for part in parts if not part.startswith(b"key="))
    known = any(name == b"x-goog-api-key" for name, _ in headers)
    more = [] if known else [(b"x-goog-api-key", key) for key in keys[:1]]
    return [*headers, *more], rest


def translated(headers: Iterable[Header], dialect: Dialect) -> list[Header]:
    """Headers for a provider that speaks another dialect: what a client says there means nothing.

    Of the client's own only those of tracing pass (W3C Trace Context).
    """
    passed = [(name, value) for name, value in headers if name in _TRACING]
    return [*passed, *_SPOKEN[dialect], (b"accept-encoding", b"identity")]


_TRACING = frozenset({b"traceparent", b"tracestate"})
_PLAIN: tuple[Header, ...] = ((b"content-type", b"application/json"), (b"user-agent", b"rolecall"))
_SPOKEN: dict[Dialect, tuple[Header, ...]] = {
    "openai.chat": _PLAIN,
    "openai.responses": _PLAIN,
    "anthropic.messages": (*_PLAIN, (b"anthropic-version", b"2023-06-01")),
    "openai.completions": _PLAIN,
    "mistral.fim": _PLAIN,
}


def retold(headers: Iterable[Header]) -> list[Header]:
    """Of a provider's headers those that hold for its answer in any dialect."""
    return [(name, value) for name, value in headers if name in _ANY_DIALECT]


_ANY_DIALECT = frozenset({b"retry-after", b"request-id", b"x-request-id", b"date"})


def inbound(headers: Iterable[Header]) -> list[Header]:
    """A provider's headers as they go to the client: all but what belongs to the connection."""
    named: frozenset[bytes] = frozenset()
    passed: list[Header] = []
    for name, value in headers:
        if name == b"connection":
            named = _names(value)
        if name not in HOP_BY_HOP and not name.startswith(_OWN):
            passed.append((name, value))
    return [(name, value) for name, value in passed if name not in named] if named else passed


def _names(connection: bytes) -> frozenset[bytes]:
    """Further headers that belong to the connection, named by its own."""
    return frozenset(part.strip().lower() for part in connection.split(b","))
