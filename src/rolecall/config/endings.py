"""Which names of the catalogue end at the providers in use, when, and who comes after them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rolecall.catalogue.lifecycle import surface_of
from rolecall.catalogue.models import Model, Surface
from rolecall.config.known import Known
from rolecall.types import Retirement


def retirements(providers: Iterable[str], known: Known) -> dict[str, Retirement]:
    """By deployment. A successor is the next of the chain, where the same provider serves it."""
    wanted = set(providers)
    found: dict[str, Retirement] = {}
    for model in known.facts.models:
        for surface in model.surfaces:
            if surface.on in wanted and surface.retires is not None:
                ending = Retirement(
                    day=surface.retires,
                    then=surface.then,
                    successor=_next(surface, known.models),
                )
                found |= {f"{surface.on}/{name}": ending for name in _names(model, surface)}
    return found


def _next(surface: Surface, models: Mapping[str, Model]) -> str | None:
    if surface.successor is None:
        return None
    there = surface_of(models[surface.successor], surface.on)
    return None if there is None else f"{there.on}/{there.id}"


def _names(model: Model, surface: Surface) -> Iterator[str]:
    """Aliases, such as dated ids, are names at the model's first surface."""
    yield surface.id
    if surface is model.surfaces[0]:
        yield from model.aliases
