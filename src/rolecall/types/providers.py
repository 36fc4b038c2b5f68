"""Who can be asked, what that costs, and when it ends."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct

from rolecall.types.words import Afterwards, Auth, Dialect, KeyHeader, ModelClass, Thinking


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where a provider speaks one dialect: the full URL to POST to, and where the key goes.

    `{model}` in the URL stands for the model's name. `authorization` takes `Bearer KEY`, the other
    headers take the bare key.
    """

    url: str
    key_header: KeyHeader = "authorization"


class Provider(Struct, frozen=True, kw_only=True):
    """An endpoint one can call, once per dialect that it speaks.

    `zone` says where data goes: `local`, a region such as `eu`, or `any`.
    `billed` is False for an engine on one's own machine: its tokens cost nothing per call.
    `prices` is the provider's id in genai-prices, where it has one.
    """

    name: str
    endpoints: dict[Dialect, Endpoint]
    zone: str = "any"
    promises: tuple[str, ...] = ()
    """What else holds there by contract, such as `zero-retention`; rules may ask for it."""
    auth: Auth = "key"
    key_env: tuple[str, ...] = ()
    """Variables that may hold the key; the first that is set wins."""
    billed: bool = True
    prices: str | None = None
    cache_seconds: float = 300
    """How long it keeps the beginning of a conversation after its last use."""
    long_seconds: float = 300
    """The same where a client asks for the longer time."""
    long_write: Decimal | None = None
    """What writing for the longer time costs, as a multiple of the input price."""
    short_ids: bool = False
    """It takes only ids of tool calls that are nine letters and digits."""


class Deployment(Struct, frozen=True, kw_only=True):
    """A model at a provider: what one calls and pays for. `rates` is None where unknown."""

    provider: str
    model: str
    model_class: ModelClass | None = None
    rates: Rates | None = None
    context: int | None = None
    """Tokens that an engine on this machine reads at most; it would cut off what is beyond."""
    passed_on: str | None = None
    """The host that an engine on this machine sends the model's requests on to."""
    tools: bool | None = None
    """Whether the engine says that the model can call tools."""
    max_output: int | None = None
    """Tokens that it writes at most."""
    efforts: tuple[str, ...] | None = None
    """Levels of effort that it knows."""
    thinking: Thinking | None = None

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.model}"


class Traits(Struct, frozen=True, kw_only=True):
    """What an engine says of a model, as in `Deployment`; None where it says nothing.

    `passed_on` is empty where the engine says that the model is its own.
    """

    context: int | None = None
    passed_on: str | None = None
    tools: bool | None = None


class Rates(Struct, frozen=True, kw_only=True):
    """Prices in USD per million tokens for a small request, for estimates before a call.

    What a call really cost is computed by `catalogue.prices.cost` at the time of the call.
    """

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    above: int = 0
    """Input tokens from which these prices hold."""
    larger: tuple[Rates, ...] = ()
    """Prices of larger requests, the smallest of these first."""
    stated: bool = False
    """Stated in `rolecall.toml`, and so in force instead of the catalogue's price."""


class Usage(Struct, frozen=True, kw_only=True):
    """Token counts as the provider reported them; names follow OpenTelemetry's GenAI conventions.

    `input_tokens` counts all input, cached parts included, whatever the dialect calls it;
    `cache_read_input_tokens` and `cache_write_input_tokens` are parts of it.
    `cache_write_1h_input_tokens` are those of the latter that are kept for an hour.
    `output_tokens` includes `reasoning_tokens`.
    """

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_1h_input_tokens: int = 0


class Retirement(Struct, frozen=True, kw_only=True):
    """The end of a name at a provider: from `day` on (UTC) it no longer brings its model.

    `successor` is the deployment that the provider points to, where one is known.
    """

    day: date
    then: Afterwards = "gone"
    successor: str | None = None
