"""The catalogue as people see it: each model with its prices, its places, and how old that is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from rolecall.catalogue.ages import age, stale
from rolecall.catalogue.lifecycle import ENDED, Stage, stage, successor
from rolecall.catalogue.models import Model, Surface
from rolecall.config.known import Known, rates_of
from rolecall.config.settings import Settings
from rolecall.types import ModelClass, Role


class Served(Struct, frozen=True, kw_only=True):
    """A model on one surface, on the day of asking."""

    on: str
    id: str
    stage: Stage
    retires: str | None
    successor: str | None
    context: int | None
    note: str | None
    sources: tuple[str, ...]
    age_days: int
    stale: bool


class Row(Struct, frozen=True, kw_only=True):
    """A model as `rolecall models` shows it. Prices are USD per million tokens, today's."""

    id: str
    vendor: str
    model_class: ModelClass
    roles: tuple[Role, ...]
    input: Decimal | None
    output: Decimal | None
    context: int | None
    memory_gb: float | None
    served: tuple[Served, ...]
    age_days: int

    @property
    def ended(self) -> bool:
        """No surface serves it any more."""
        return all(place.stage in ENDED for place in self.served)


def rows_of(known: Known, settings: Settings, at: datetime) -> Iterator[Row]:
    """All models, in the order of the catalogue."""
    return (row_of(model, known, settings, at) for model in known.facts.models)


def row_of(model: Model, known: Known, settings: Settings, at: datetime) -> Row:
    served = tuple(_served(surface, known, settings, at) for surface in model.surfaces)
    home = model.surfaces[0].on
    rates = rates_of(known, model.id, home, at)
    names = {f"{place.on}/{place.id}" for place in served}
    return Row(
        id=model.id,
        vendor=model.vendor,
        model_class=model.model_class,
        roles=tuple(role for role, cascade in settings.roles.items() if names & set(cascade)),
        input=None if rates is None else rates.input,
        output=None if rates is None else rates.output,
        context=None if model.limits is None else model.limits.context,
        memory_gb=None if model.weights is None else model.weights.memory_gb,
        served=served,
        age_days=min(place.age_days for place in served),
    )


def _served(surface: Surface, known: Known, settings: Settings, at: datetime) -> Served:
    day = at.date()
    follower = successor(surface, known.models, max(day, surface.retires or day))
    return Served(
        on=surface.on,
        id=surface.id,
        stage=stage(surface, day),
        retires=None if surface.retires is None else str(surface.retires),
        successor=None if follower is None else follower[1].id,
        context=surface.context,
        note=surface.note,
        sources=surface.sources,
        age_days=age(known.facts, surface.sources, day),
        stale=stale(known.facts, surface, settings.catalogue.patience, day),
    )
