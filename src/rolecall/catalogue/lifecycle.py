"""Where a model stands on a surface on a given day, and who comes after it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from rolecall.catalogue.models import Model, Surface

Stage = Literal[
    "announced", "active", "deprecated", "retired", "substituted", "billed-as-successor"
]
ENDED: tuple[Stage, ...] = ("retired", "substituted", "billed-as-successor")
"""Stages in which the name no longer brings the model."""


def stage(surface: Surface, day: date) -> Stage:
    """Where a model stands on a surface on a day (UTC)."""
    if surface.retires is not None and day >= surface.retires:
        return "retired" if surface.then == "gone" else surface.then
    if surface.released is not None and day < surface.released:
        return "announced"
    announced = surface.deprecated is not None and day >= surface.deprecated
    return "deprecated" if announced or surface.retires is not None else "active"


def days_left(surface: Surface, day: date) -> int | None:
    """Days until it retires, 0 or less once it has; None where no day is named."""
    return None if surface.retires is None else (surface.retires - day).days


def surface_of(model: Model, on: str) -> Surface | None:
    """The model's first entry for a surface."""
    return next((surface for surface in model.surfaces if surface.on == on), None)


def successor(
    surface: Surface, models: Mapping[str, Model], day: date
) -> tuple[Model, Surface] | None:
    """The first of the chain of successors that is served on the same surface on that day.

    None where no source names one, or where the chain leads to nothing that is served there.
    """
    met = {surface.id}
    step: Surface | None = surface
    while step is not None and step.successor is not None:
        model = models.get(step.successor)
        step = None if model is None else surface_of(model, surface.on)
        if model is None or step is None or step.id in met:
            return None
        if stage(step, day) not in ENDED:
            return model, step
        met.add(step.id)
    return None
