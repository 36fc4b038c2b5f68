"""From settings to the world: providers, deployments, stack. Every mistake is named here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b

import msgspec

from rolecall.catalogue.prices import PriceBook, rates, tariff
from rolecall.config.endings import retirements
from rolecall.config.known import Known
from rolecall.config.load import nearest
from rolecall.config.money import economics
from rolecall.config.private import digest, privacy
from rolecall.config.providers import provider_of, providers_used
from rolecall.config.settings import ModelSettings, Settings
from rolecall.errors import ConfigError
from rolecall.routing.decide import LOGIC
from rolecall.types import (
    ROLES,
    Deployment,
    Kind,
    Provider,
    Rates,
    Retirement,
    Role,
    Snapshot,
    Traits,
    Work,
)

WORK_ROLES: dict[Work, Role] = {
    "subagent": "fast",
    "title": "fast",
    "summary": "fast",
    "compaction": "fast",
    "approval": "fast",
    "memory": "fast",
    "commit": "fast",
    "completion": "fast",
    "chore": "fast",
    "plan": "plan",
    "review": "review",
}
"""Who plays the work that a rule has named; `[routing.work]` changes it. Other work goes to the
default role."""

KIND_ROLES: dict[Kind, Role] = {
    "architecture": "plan",
    "debugging": "plan",
    "refactor": "plan",
    "review": "review",
    "implement": "code",
    "fix": "code",
    "tests": "fast",
    "docs": "fast",
    "transform": "fast",
    "question": "fast",
    "completion": "fast",
    "chore": "fast",
}
"""Who plays each kind of work that the words of a turn ask for; `[routing.kind]` changes it. A
`followup` has no role of its own: it keeps the one that is in force."""

LENDERS: dict[Role, tuple[Role, ...]] = {
    "plan": ("review", "code", "fast", "local"),
    "review": ("plan", "code", "fast", "local"),
    "code": ("fast", "local", "plan", "review"),
    "fast": ("code", "local", "plan", "review"),
    "local": (),
}
"""Whose cascade plays a role that the stack leaves out. `local` borrows from nobody."""

_TOO_DEAR = 1_000_000
"""USD per million tokens. `inf` and `nan` are numbers in TOML."""
_NO_TIME = datetime(1, 1, 1, tzinfo=UTC)
"""Stands for the time in what a snapshot's version is computed from."""


def build(settings: Settings, known: Known, *, rules: str, at: datetime) -> Snapshot:
    """The world that the settings describe. Raises `ConfigError` at the first mistake."""
    names = providers_used(settings)
    providers = {name: provider_of(name, settings, known) for name in names}
    endings = retirements(providers, known)
    deployments = _deployments(settings, providers, known, at)
    deployments |= _followers(settings, deployments, endings, providers, known, at)
    stack, borrowed = _stack(settings)
    snapshot = Snapshot(
        version="",
        providers=providers,
        deployments=deployments,
        stack=stack,
        borrowed=borrowed,
        default_role=settings.routing.default_role,
        work_roles=WORK_ROLES | settings.routing.work,
        model_classes={name: model.model_class for name, model in known.models.items()},
        rules=rules,
        kind_roles=KIND_ROLES | settings.routing.kind,
        text_confidence=settings.routing.text_confidence,
        logic=LOGIC,
        retirements=endings,
        on_retired=settings.routing.on_retired,
        policy=digest(privacy(settings)),
        economics=economics(settings),
        at=at,
    )
    return _versioned(snapshot)


def with_traits(snapshot: Snapshot, traits: Mapping[str, Traits]) -> Snapshot:
    """The same world with what engines say now of their models, by deployment.

    One that does not answer, for it may be busy, keeps what it said before.
    """
    deployments = {
        name: _with(deployment, traits.get(name, Traits()))
        for name, deployment in snapshot.deployments.items()
    }
    if deployments == snapshot.deployments:
        return snapshot
    return _versioned(msgspec.structs.replace(snapshot, deployments=deployments))


def _with(deployment: Deployment, traits: Traits) -> Deployment:
    said = {key: one for key, one in msgspec.structs.asdict(traits).items() if one is not None}
    return msgspec.structs.replace(deployment, **said) if said else deployment


def _versioned(snapshot: Snapshot) -> Snapshot:
    timeless = msgspec.structs.replace(snapshot, at=_NO_TIME, version="")
    text = msgspec.json.encode(timeless, order="deterministic")
    return msgspec.structs.replace(snapshot, version=blake2b(text, digest_size=8).hexdigest())


def keys(settings: Settings, snapshot: Snapshot, environ: Mapping[str, str]) -> dict[str, str]:
    """The providers' keys, read once. A missing one is an error that names its variable."""
    found: dict[str, str] = {}
    for name, provider in snapshot.providers.items():
        if provider.auth != "key":
            continue
        values = ((name, environ.get(name, "").strip()) for name in provider.key_env)
        variable, value = next(((name, text) for name, text in values if text), ("", ""))
        if not value:
            wanted = " or ".join(provider.key_env)
            raise ConfigError(
                f"{settings.source}: [providers.{name}] needs its key in {wanted}, which is not "
                f'set; export it, or set auth = "client" to pass each client\'s own key on'
            )
        if not (value.isascii() and value.isprintable()):
            raise ConfigError(
                f"{settings.source}: [providers.{name}] takes its key from {variable}, which holds "
                "a line break or a letter that no key has; export it anew"
            )
        found[name] = value
    return found


def _deployments(
    settings: Settings, providers: Mapping[str, Provider], known: Known, at: datetime
) -> dict[str, Deployment]:
    _check_prices(settings)
    names = dict.fromkeys(name for cascade in settings.roles.values() for name in cascade)
    for name in settings.models:
        if name not in names:
            says = f"{settings.source}: [models.{name!r}] is in no cascade; {nearest(name, names)}"
            raise ConfigError(says)
    return {
        name: _deployment(name, settings.models.get(name, ModelSettings()), providers, known, at)
        for name in names
    }


def _deployment(
    name: str,
    given: ModelSettings,
    providers: Mapping[str, Provider],
    known: Known,
    at: datetime,
) -> Deployment:
    provider, _, model = name.partition("/")
    fact = known.models.get(model)
    limits, can, thinks = (fact.limits, fact.can, fact.thinks) if fact else (None, None, None)
    return Deployment(
        provider=provider,
        model=model,
        model_class=given.model_class or (fact.model_class if fact else None),
        rates=_rates(given, providers[provider], model, known.prices, at),
        max_output=limits.output if limits else None,
        efforts=thinks.efforts if thinks else can.efforts if can else None,
        thinking=thinks.how if thinks else None,
    )


def _followers(
    settings: Settings,
    named: Mapping[str, Deployment],
    endings: Mapping[str, Retirement],
    providers: Mapping[str, Provider],
    known: Known,
    at: datetime,
) -> dict[str, Deployment]:
    """Deployments that play in place of retired ones, where the user lets them."""
    if settings.routing.on_retired != "successor":
        return {}
    found: dict[str, Deployment] = {}
    for name in named:
        ending = endings.get(name)
        while ending is not None and ending.successor is not None:
            follower = ending.successor
            if follower in found or follower in named:
                break
            found[follower] = _deployment(follower, ModelSettings(), providers, known, at)
            ending = endings.get(follower)
    return found


def _check_prices(settings: Settings) -> None:
    for name, given in settings.models.items():
        prices = (given.input_price, given.output_price, given.cache_read_price)
        place = f"{settings.source}: [models.{name!r}]"
        if any(price is not None for price in prices) and None in prices[:2]:
            raise ConfigError(f"{place} needs input_price and output_price, both or neither")
        if not all(p is None or (p.is_finite() and 0 <= p < _TOO_DEAR) for p in prices):
            raise ConfigError(f"{place} has a price that is none; write USD per million tokens")


def _rates(
    given: ModelSettings, provider: Provider, model: str, book: PriceBook, at: datetime
) -> Rates | None:
    if given.input_price is not None and given.output_price is not None:
        return Rates(
            input=given.input_price,
            output=given.output_price,
            cache_read=given.cache_read_price,
            stated=True,
        )
    found = tariff(book, prices=provider.prices, model=model) if provider.billed else None
    return None if found is None else rates(found, at)


def _stack(settings: Settings) -> tuple[dict[Role, tuple[str, ...]], dict[Role, Role]]:
    """The cascades, those that are borrowed among them."""
    given = {role: cascade for role, cascade in settings.roles.items() if cascade}
    if not given:
        raise ConfigError(f"{settings.source}: [roles] names no deployment; give at least code")
    borrowed: dict[Role, Role] = {}
    for role in ROLES:
        lender = next((other for other in LENDERS[role] if other in given), None)
        if role not in given and lender is not None:
            borrowed[role] = lender
    return given | {role: given[lender] for role, lender in borrowed.items()}, borrowed
