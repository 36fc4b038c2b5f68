"""What a request says, in no dialect in particular."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from rolecall.types import Dialect

Author = Literal["system", "user", "assistant"]
Form = Literal["function", "custom", "search"]
"""How a tool is called: with JSON, with plain text, or to look for more tools on the client."""


class Text(Struct, frozen=True, kw_only=True, tag="text"):
    """`cache` is the life of a cache mark that stands here, such as `5m`."""

    text: str
    cache: str | None = None


class Media(Struct, frozen=True, kw_only=True, tag="media"):
    """An image or a document: base64 `data`, or a `url`."""

    kind: Literal["image", "document"]
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    name: str | None = None
    detail: str | None = None
    cache: str | None = None


class Seal(Struct, frozen=True, kw_only=True, array_like=True):
    """What only the maker of a thought can read: a signature, or the thought itself, encrypted.

    `maker` is the deployment, None where a client brings it from elsewhere. In the dialect
    `openai.chat` a thought is plain text, and its seal only tells whose it is.
    """

    dialect: Dialect
    maker: str | None
    data: str = ""
    redacted: bool = False
    id: str = ""
    """What the maker calls the thought, where its dialect names thoughts."""


class Thought(Struct, frozen=True, kw_only=True, tag="thought"):
    """Reasoning of a model, as far as it is shown."""

    text: str = ""
    seal: Seal | None = None


class Refusal(Struct, frozen=True, kw_only=True, tag="refusal"):
    text: str


class ToolCall(Struct, frozen=True, kw_only=True, tag="call"):
    """`arguments` is JSON text; of a custom tool its plain input."""

    id: str
    name: str
    arguments: str
    form: Form = "function"
    namespace: str | None = None
    cache: str | None = None


class ToolResult(Struct, frozen=True, kw_only=True, tag="result"):
    call_id: str
    parts: tuple[Text | Media, ...]
    failed: bool = False
    form: Form = "function"
    cache: str | None = None


Part = Text | Media | Thought | Refusal | ToolCall | ToolResult


class Message(Struct, frozen=True, kw_only=True):
    author: Author
    parts: tuple[Part, ...]


class Tool(Struct, frozen=True, kw_only=True):
    """A tool of the client's. `grammar` is what a custom tool's input must look like."""

    name: str
    description: str = ""
    schema: dict[str, Any] | None = None
    strict: bool | None = None
    form: Form = "function"
    namespace: str | None = None
    grammar: str | None = None
    cache: str | None = None


class Choice(Struct, frozen=True, kw_only=True):
    """Whether a tool must be called. `parallel` is None where nothing is said."""

    mode: Literal["auto", "none", "required", "named"] = "auto"
    name: str | None = None
    namespace: str | None = None
    parallel: bool | None = None


class Effort(Struct, frozen=True, kw_only=True):
    """How much a model is to think. `budget` is in tokens, `shown` asks for a summary."""

    level: str | None = None
    budget: int | None = None
    off: bool = False
    shown: bool = False


class Format(Struct, frozen=True, kw_only=True):
    """The form of the answer: any JSON where there is no `schema`."""

    schema: dict[str, Any] | None = None
    name: str = "answer"
    strict: bool | None = None
    description: str | None = None


class Fill(Struct, frozen=True, kw_only=True):
    """A text that is to go on after a prompt, and before a suffix where there is one."""

    prompt: str
    suffix: str | None = None


class Conversation(Struct, frozen=True, kw_only=True):
    """A request. What a client left out is None. With `fill` there are no messages."""

    messages: tuple[Message, ...]
    fill: Fill | None = None
    tools: tuple[Tool, ...] = ()
    choice: Choice = Choice()
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    penalties: dict[str, float] = {}
    stream: bool = False
    counted: bool = True
    """Whether the client wants the usage of a stream."""
    effort: Effort = Effort()
    format: Format | None = None
    user: str | None = None
    cache_key: str | None = None
    verbosity: str | None = None


class Goal(Struct, frozen=True, kw_only=True):
    """Who a request is written for: the model's name there, and the deployment as its maker.

    What is None nobody knows: how many tokens it writes at most, which levels of effort it has,
    whether it decides itself how long to think or takes a number of tokens.
    """

    model: str
    maker: str
    max_output: int | None = None
    efforts: tuple[str, ...] | None = None
    thinking: Literal["adaptive", "budget"] | None = None
    short_ids: bool = False
    """Ids of tool calls must be nine letters and digits, as Mistral asks."""
