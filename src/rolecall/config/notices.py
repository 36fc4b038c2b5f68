"""What is about to end or has ended: the day, who follows, and what is different then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time

from msgspec import Struct

from rolecall.catalogue.compare import differences
from rolecall.catalogue.lifecycle import days_left, successor
from rolecall.catalogue.models import Model, Surface
from rolecall.config.known import Known, rates_of
from rolecall.types import Afterwards


class Notice(Struct, frozen=True, kw_only=True):
    """The end of one model on one surface. `successor` is the name of the one to take there."""

    model: str
    surface: str
    id: str
    day: str
    days: int
    then: Afterwards
    successor: str | None
    differs: tuple[str, ...]

    @property
    def says(self) -> str:
        """One line."""
        ends = f"{self.id} on {self.surface} {when(self.days, self.day)}"
        if self.successor is None:
            return f"{ends}; no source names a successor"
        return f"{ends} → {self.successor}: {'; '.join(self.differs)}"


def when(days: int, day: str) -> str:
    """`retires in 18 days (2026-12-11)`, or how long ago it did."""
    if days > 0:
        return f"retires in {days} day{'s' if days > 1 else ''} ({day})"
    return f"retired {-days} day{'s' if days < -1 or days == 0 else ''} ago ({day})"


def notices(known: Known, at: datetime, within: int) -> list[Notice]:
    """All ends of the next `within` days, the nearest first; those in the past are left out."""
    day = at.date()
    found = [
        notice_of(model, surface, known, at)
        for model in known.facts.models
        for surface in model.surfaces
        if 0 < (days_left(surface, day) or 0) <= within
    ]
    return sorted(found, key=lambda notice: (notice.days, notice.surface, notice.id))


def of_stack(names: Iterable[str], known: Known, at: datetime, within: int) -> list[Notice]:
    """The notices of a stack's deployments, past ends among them."""
    found: list[Notice] = []
    for name in names:
        provider, _, id_ = name.partition("/")
        model = known.models.get(id_)
        surfaces = () if model is None else model.surfaces
        surface = next((s for s in surfaces if s.on == provider and s.retires), None)
        if model is None or surface is None:
            continue
        notice = notice_of(model, surface, known, at)
        if notice.days <= within:
            found.append(notice)
    return found


def notice_of(model: Model, surface: Surface, known: Known, at: datetime) -> Notice:
    """The notice of a surface that ends. The successor is one that is still served on that day."""
    if surface.retires is None:
        raise ValueError(f"{model.id} does not retire on {surface.on}")
    after = datetime.combine(max(surface.retires, at.date()), time(), UTC)
    follower = successor(surface, known.models, after.date())
    differs: list[str] = []
    if follower is not None:
        old = rates_of(known, model.id, surface.on, at)
        new = rates_of(known, follower[0].id, surface.on, after)
        differs = differences(model, follower[0], old, new)
    return Notice(
        model=model.id,
        surface=surface.on,
        id=surface.id,
        day=str(surface.retires),
        days=(surface.retires - at.date()).days,
        then=surface.then,
        successor=None if follower is None else follower[1].id,
        differs=tuple(differs),
    )
