"""What the scripted upstream is told to answer, and what it has received."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import zstandard
from msgspec import Struct

Fault = Literal[
    "429",
    "429-retry-after",
    "500",
    "slow-first-byte",
    "cut-stream",
    "malformed-event",
    "refuse",
]
Spoken = Literal[
    "openai.chat",
    "openai.responses",
    "anthropic.messages",
    "google.gemini",
    "ollama.chat",
    "ollama.generate",
    "openai.completions",
    "mistral.fim",
]

ENDPOINTS: dict[str, Spoken] = {
    "/chat/completions": "openai.chat",
    "/fim/completions": "mistral.fim",
    "/completions": "openai.completions",
    ":generateContent": "google.gemini",
    ":streamGenerateContent": "google.gemini",
    "/api/chat": "ollama.chat",
    "/api/generate": "ollama.generate",
    "/responses": "openai.responses",
    "/messages": "anthropic.messages",
}


class ToolCall(Struct, frozen=True, kw_only=True):
    """A call of one of the client's own tools.

    `freeform` is the plain text of a custom tool of the Responses API, in place of `arguments`;
    `namespace` is the group the tool was offered in there, where it was in one.
    """

    name: str
    arguments: dict[str, Any] = {}
    freeform: str | None = None
    namespace: str | None = None

    @property
    def arguments_json(self) -> str:
        return json.dumps(self.arguments, ensure_ascii=False)


class Tokens(Struct, frozen=True, kw_only=True):
    """The counts to report. `input` includes the two cached parts, `output` the reasoning."""

    input: int = 1000
    output: int = 50
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0


class Answer(Struct, frozen=True, kw_only=True):
    """One answer of the upstream, whatever the dialect it is asked in.

    Delays are seconds: before the first byte of all (status line included), and between events.
    A `status` that is not 200 is answered as an error of the dialect whose message is `text`.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tokens: Tokens = Tokens()
    reasoning: str = ""
    status: int = 200
    fault: Fault | None = None
    first_byte_after: float = 0.0
    event_every: float = 0.0
    pieces: int = 4
    """In how many deltas a text or the arguments of a call are streamed."""


@dataclass(kw_only=True)
class Received:
    """A request as it came in, and the body that went back.

    `headers` keeps the order and the case of the wire; `body` is still compressed if it came so.
    """

    index: int
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    json: Any = None
    sent: bytes = b""
    status: int | None = None
    finished: bool = False
    client_left: bool = False

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def dialect(self) -> Spoken | None:
        """What is spoken here, or None for an endpoint that generates nothing."""
        return next((name for end, name in ENDPOINTS.items() if self.path.endswith(end)), None)

    @property
    def model(self) -> str | None:
        if self.dialect == "google.gemini":
            return self.path.rpartition("/models/")[2].rpartition(":")[0]
        return self.json.get("model") if isinstance(self.json, dict) else None

    @property
    def stream(self) -> bool:
        if self.dialect == "google.gemini":
            return self.path.endswith(":streamGenerateContent")
        asked = self.json.get("stream") if isinstance(self.json, dict) else None
        by_default = self.dialect in ("ollama.chat", "ollama.generate")
        return asked is not False if by_default else asked is True


Script = Callable[[Received], Answer]


def say(text: str, tokens: Tokens | None = None) -> Script:
    """Answer everything with one text."""
    answer = Answer(text=text, tokens=tokens or Tokens())
    return lambda _: answer


def in_turn(answers: Iterable[Answer]) -> Script:
    """Answer with each in its turn; one request too many is an error of the test."""
    left = iter(tuple(answers))

    def script(received: Received) -> Answer:
        answer = next(left, None)
        if answer is None:
            raise AssertionError(f"no answer is left for {received.method} {received.path}")
        return answer

    return script


def decode_json(body: bytes, encoding: str | None) -> Any:
    """The JSON of a body, whatever its `Content-Encoding`; None where it is not JSON."""
    try:
        return json.loads(_decompressed(body, encoding))
    except (ValueError, OSError, zlib.error, zstandard.ZstdError):
        return None


def _decompressed(body: bytes, encoding: str | None) -> bytes:
    match (encoding or "identity").strip().lower():
        case "gzip":
            return gzip.decompress(body)
        case "deflate":
            return zlib.decompress(body)
        case "zstd":
            return zstandard.ZstdDecompressor().decompressobj().decompress(body)
        case _:
            return body
