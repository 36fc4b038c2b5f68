"""The schema of `rolecall.toml`. Every key is documented in the README's table."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct, field

from rolecall.catalogue.ages import Patience
from rolecall.types import (
    AtLimit,
    Auth,
    Dialect,
    HandOver,
    Kind,
    ModelClass,
    OnRetired,
    Otherwise,
    Role,
    Work,
)

Seconds = Annotated[float, Meta(gt=0, le=86400)]


class ServerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 4141
    token_env: str | None = None
    people: dict[str, str] = {}
    """The variable that holds each person's own token, by the person's name."""
    allowed_hosts: tuple[str, ...] = ()
    max_body_mib: Annotated[float, Meta(gt=0, le=4096)] = 32


class RoutingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    default_role: Role = "code"
    work: dict[Work, Role] = {}
    kind: dict[Kind, Role] = {}
    text_confidence: Annotated[float, Meta(ge=0, le=1)] = 0.7
    """Measured in docs/recognition.md; 1 leaves the words of a turn unread."""
    rules: tuple[str, ...] = ()
    on_retired: OnRetired = "refuse"
    """What becomes of a cascade's entry from the day of its retirement on."""


class EconomicsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What decides between models; `types.Economics` says what each key means. Amounts are USD."""

    silent_failure: Annotated[float, Meta(ge=0, le=1_000_000)] = 5
    hour_of_waiting: Annotated[float, Meta(ge=0, le=1_000_000)] = 0
    loss_allowed: Annotated[float, Meta(gt=0, lt=1)] = 0.1
    outcomes_needed: Annotated[int, Meta(ge=0)] = 20
    escalate: bool = True
    hand_over: HandOver = "short"


class BudgetSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """USD per day; `types.Budget` says what each key means."""

    day: Decimal | None = None
    roles: dict[Role, Decimal] = {}
    workspaces: dict[str, Decimal] = {}
    people: dict[str, Decimal] = {}
    keys: dict[str, Decimal] = {}
    warn_at: Annotated[float, Meta(ge=0, le=1)] = 0.8
    at_limit: AtLimit = "downgrade"


class TimeoutSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds. `silence` is how long an upstream may say nothing, first byte or next one."""

    connect: Seconds = 10
    silence: Seconds = 300
    body: Seconds = 30


class ProviderSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out comes from the preset of the same name, where there is one."""

    base_url: str | None = None
    dialects: tuple[Dialect, ...] | None = None
    endpoints: dict[Dialect, str] | None = None
    zone: str | None = None
    promises: tuple[str, ...] = ()
    auth: Auth | None = None
    key_env: str | None = None
    billed: bool | None = None


class ModelSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the catalogue does not know of a deployment. Prices are USD per million tokens."""

    model_class: ModelClass | None = field(name="class", default=None)
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    cache_read_price: Decimal | None = None


class CatalogueSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days after which a fact counts as stale, and how early an end is told."""

    stale_days: Annotated[int, Meta(ge=1)] = 45
    lifecycle_stale_days: Annotated[int, Meta(ge=1)] = 14
    notice_days: Annotated[int, Meta(ge=0)] = 60
    models_dev: str | None = None
    prices: str | None = None
    """Mirrors of models.dev and of genai-prices' update channel, asked in their place."""

    @property
    def patience(self) -> Patience:
        """The two limits as the catalogue takes them."""
        return Patience(facts=self.stale_days, lifecycle=self.lifecycle_stale_days)


class LedgerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    path: str | None = None


class PrivacyRuleSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of `[[privacy.rules]]`; `types.PrivacyRule` says what each key means."""

    name: str
    zones: tuple[str, ...] = ("local",)
    workspaces: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    secrets: bool = False
    terms: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    otherwise: Otherwise = "refuse"


class PrivacySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`local_networks` are addresses beside loopback that count as this house."""

    rules: tuple[PrivacyRuleSettings, ...] = ()
    local_networks: tuple[str, ...] = ()
    scan_seconds: Seconds = 5
    """A scan that takes longer counts as one that found something."""


class WorkspaceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `rolecall workspace add` writes."""

    path: str
    remote: str | None = None


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `source` says where it came from, for messages."""

    source: str = "what was found on this machine"
    server: ServerSettings = ServerSettings()
    routing: RoutingSettings = RoutingSettings()
    economics: EconomicsSettings = EconomicsSettings()
    budget: BudgetSettings = BudgetSettings()
    timeouts: TimeoutSettings = TimeoutSettings()
    ledger: LedgerSettings = LedgerSettings()
    catalogue: CatalogueSettings = CatalogueSettings()
    privacy: PrivacySettings = PrivacySettings()
    workspaces: dict[str, WorkspaceSettings] = {}
    providers: dict[str, ProviderSettings] = {}
    roles: dict[Role, tuple[str, ...]] = {}
    models: dict[str, ModelSettings] = {}
