"""A stack chosen from what is there, each choice with its reason from the evidence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from rolecall.catalogue.ages import Patience, age, stale
from rolecall.catalogue.compare import usd
from rolecall.catalogue.lifecycle import stage, surface_of
from rolecall.catalogue.models import Evidence, Model, Surface
from rolecall.catalogue.providers import Preset
from rolecall.config.known import Known, rates_of
from rolecall.config.propose import Engine
from rolecall.types import MAIN_DIALECTS, ROLES, Dialect, ModelClass, Rates, Role

Budget = Literal["low", "normal", "high"]
Privacy = Literal["anywhere", "secrets", "home"]
"""All source code may go to providers; all but what holds a secret; none."""

_COMPARED = "Terminal-Bench 4.0"
"""The one benchmark that most current models of the catalogue have a result on."""
_LONGEST = 2
"""Entries of a proposed cascade: who plays, and who steps in. More only for the dialects' sake."""
_CLASSES: dict[Role, tuple[ModelClass, ...]] = {
    "plan": ("frontier", "coding", "open-weight"),
    "review": ("frontier", "coding", "open-weight"),
    "code": ("coding", "open-weight"),
    "fast": ("fast",),
    "local": (),
}
"""Classes that fit a role, the fittest first."""
_FRUGAL: tuple[ModelClass, ...] = ("coding", "frontier", "open-weight")
"""Who plans on a low budget: the workhorse. The strongest class still reviews."""
SESSION_READ, SESSION_CACHED, SESSION_WRITTEN = 1_500_000, 1_350_000, 25_000
"""Tokens of a typical session, an assumption: 30 calls of 50,000 tokens on average, nine tenths of
them read from the cache, and 25,000 tokens written."""


class Wishes(Struct, frozen=True, kw_only=True):
    """What the user was asked."""

    budget: Budget = "normal"
    privacy: Privacy = "anywhere"
    vendor: str | None = None
    dialects: tuple[Dialect, ...] = MAIN_DIALECTS
    """What the user's clients speak: each role is to have somebody for each of them."""


class Choice(Struct, frozen=True, kw_only=True):
    """One entry of a cascade and why. `session` is USD for a typical session."""

    deployment: str
    why: str
    session: Decimal | None = None


class Proposal(Struct, frozen=True, kw_only=True):
    """Cascades with reasons, what was left out as stale, and what is missing."""

    roles: dict[Role, tuple[Choice, ...]]
    stale: tuple[str, ...]
    missing: tuple[str, ...]


class _Candidate(Struct, frozen=True, kw_only=True):
    provider: str
    model: Model
    surface: Surface
    rates: Rates | None

    @property
    def score(self) -> float | None:
        found = (one.score for one in self.model.evidence if one.benchmark == _COMPARED)
        return next(found, None)


def choose(
    presets: Sequence[Preset],
    engines: Sequence[Engine],
    wishes: Wishes,
    known: Known,
    patience: Patience,
    at: datetime,
) -> Proposal:
    """The stack for these providers and engines. Pure: the same catalogue gives the same stack."""
    home = wishes.privacy == "home"
    found = [] if home else list(_candidates(presets, known, at))
    fresh = [c for c in found if not stale(known.facts, c.surface, patience, at.date())]
    local = _local(engines, known)
    code = _cascade("code", fresh, wishes, known, ())
    roles = {role: _cascade(role, fresh, wishes, known, code) for role in ROLES}
    if local:
        roles["local"] = local
        roles["code"] = roles["code"] or local
    roles = {role: cascade for role, cascade in roles.items() if cascade}
    return Proposal(
        roles=roles,
        stale=tuple(_left_out(c, known, at) for c in found if c not in fresh),
        missing=tuple(_missing(roles, presets, known, home=home)),
    )


def _candidates(presets: Sequence[Preset], known: Known, at: datetime) -> Iterator[_Candidate]:
    """Models that the providers serve under the catalogue's eyes, and that are not ending."""
    for preset in presets:
        for model in known.facts.models:
            surface = surface_of(model, preset.name)
            if surface is not None and stage(surface, at.date()) == "active":
                rates = rates_of(known, surface.id, preset.name, at)
                yield _Candidate(provider=preset.name, model=model, surface=surface, rates=rates)


def _family(cascade: Sequence[Choice] | None, known: Known) -> str | None:
    """The family of who plays first."""
    model = known.models.get(cascade[0].deployment.partition("/")[2]) if cascade else None
    return None if model is None else model.family


def _classes(role: Role, budget: Budget) -> tuple[ModelClass, ...]:
    return _FRUGAL if role == "plan" and budget == "low" else _CLASSES[role]


def _cascade(
    role: Role,
    found: Sequence[_Candidate],
    wishes: Wishes,
    known: Known,
    code: tuple[Choice, ...],
) -> tuple[Choice, ...]:
    """The best two that fit, of two providers. `code` is the executor's cascade, for `review`."""
    classes = _classes(role, wishes.budget)
    fitting = [c for c in found if c.model.model_class in classes and c.rates is not None]
    suggested = {f"{p.name}/{p.suggest.get(role)}" for p in known.presets.values()}
    family = _family(code, known)

    def rank(c: _Candidate) -> tuple[object, ...]:
        same = role == "review" and c.model.family == family
        liked = wishes.vendor in {c.model.vendor, c.provider}
        named = f"{c.provider}/{c.surface.id}" in suggested
        worth = _worth(c, role, wishes.budget)
        return (classes.index(c.model.model_class), same, not liked, not named, *worth)

    chosen: dict[str, _Candidate] = {}
    for candidate in sorted(fitting, key=rank):
        chosen.setdefault(candidate.provider, candidate)
    taken = _covering(list(chosen.values()), wishes.dialects, known)
    return tuple(_choice(c, role, family, known) for c in taken)


def _covering(
    ranked: Sequence[_Candidate], dialects: Sequence[Dialect], known: Known
) -> list[_Candidate]:
    """The first two, and whoever else is needed so that each dialect is spoken by somebody."""
    taken = list(ranked[:_LONGEST])
    for dialect in dialects:
        speakers = [c for c in ranked if dialect in known.presets[c.provider].endpoints]
        if speakers and not any(c in speakers for c in taken):
            taken.append(speakers[0])
    return taken


def _worth(candidate: _Candidate, role: Role, budget: Budget) -> tuple[float, float]:
    """Fast work and low budgets go by price, the rest by evidence; what has none comes after."""
    price = float(_session(candidate.rates) or 0)
    score = candidate.score
    if role == "fast":
        return price, -(score or 0)
    if budget == "low":
        return float(score is None), price
    if budget == "normal" and role == "code":
        return (price, 0.0) if score is None else (-score / max(price, 0.01), price)
    return -(score or 0), price


def _choice(c: _Candidate, role: Role, family: str | None, known: Known) -> Choice:
    best = next((one for one in c.model.evidence if one.benchmark == _COMPARED), None)
    told = [_evidence(best, known) if best else f"{c.model.model_class} class, no {_COMPARED} read"]
    if c.rates is not None:
        told.append(f"{usd(c.rates.input)} in, {usd(c.rates.output)} out")
    if role == "review" and family is not None:
        other = c.model.family != family
        told.append("another family than the executor" if other else "the executor's own family")
    name = f"{c.provider}/{c.surface.id}"
    return Choice(deployment=name, why="; ".join(told), session=_session(c.rates))


def _evidence(one: Evidence, known: Known) -> str:
    return f"{one.benchmark} {one.score:g} ({known.facts.sources[one.by].title}, {one.measured})"


def _session(rates: Rates | None) -> Decimal | None:
    """USD for a typical session."""
    if rates is None:
        return None
    cached = rates.input if rates.cache_read is None else rates.cache_read
    fresh = SESSION_READ - SESSION_CACHED
    total = rates.input * fresh + cached * SESSION_CACHED + rates.output * SESSION_WRITTEN
    return total / 1_000_000


def _local(engines: Sequence[Engine], known: Known) -> tuple[Choice, ...]:
    """Each engine's first model, which is the one in memory where one is."""
    found = []
    for engine in engines:
        for name in engine.models[:1]:
            model = known.models.get(name)
            told = f"{model.model_class}, {model.id}" if model else "not in the catalogue"
            why = f"runs on this machine; {told}"
            found.append(Choice(deployment=f"{engine.name}/{name}", why=why, session=Decimal(0)))
    return tuple(found[:_LONGEST])


def _left_out(c: _Candidate, known: Known, at: datetime) -> str:
    days = age(known.facts, c.surface.sources, at.date())
    return f"{c.provider}/{c.surface.id}: its facts are {days} days old"


def _missing(
    roles: Mapping[Role, tuple[Choice, ...]], presets: Sequence[Preset], known: Known, *, home: bool
) -> Iterator[str]:
    if not presets and not home:
        yield "no key of a provider is set: export one, such as ANTHROPIC_API_KEY"
    review, code = (_family(roles.get(role), known) for role in ("review", "code"))
    if review is not None and review == code:
        yield f"{code} reviews what {code} wrote: a key of another vendor helps"
    if "local" not in roles:
        yield "no model on this machine: private work has nowhere to go"


def fitting_local(known: Known, memory_gb: float) -> Iterable[Model]:
    """Open weights that fit into three quarters of the memory, the largest first."""
    room = memory_gb * 0.75
    sized = [
        (model.weights.memory_gb, model)
        for model in known.facts.models
        if model.weights is not None
        and model.weights.memory_gb is not None
        and model.weights.memory_gb <= room
        and surface_of(model, "ollama") is not None
    ]
    return [model for _, model in sorted(sized, key=lambda pair: -pair[0])]
