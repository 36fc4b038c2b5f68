"""What is about to end or has ended: the day, who follows, and what is different then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time

from msgspec import Struct

from rolecall.catalogue.ages import Patience, age, stale
from rolecall.catalogue.compare import differences
from rolecall.catalogue.lifecycle import days_left, successor, surface_of
from rolecall.catalogue.models import Model, Surface
from rolecall.config.known import Known, rates_of
from rolecall.config.settings import CatalogueSettings
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


def remarks(
    names: Iterable[str], known: Known, settings: CatalogueSettings, at: datetime
) -> list[str]:
    """What is to be said of deployments that are used: ends ahead, and facts that are stale."""
    used = list(names)
    told = [notice.says for notice in of_stack(used, known, at, settings.notice_days)]
    return told + [
        f"what is known of {name} is {days} days old; `rolecall catalogue refresh` asks anew"
        for name, days in outdated(used, known, settings.patience, at)
    ]


def outdated(
    names: Iterable[str], known: Known, patience: Patience, at: datetime
) -> Iterator[tuple[str, int]]:
    """Deployments whose facts are stale, with their age in days."""
    for name in names:
        provider, _, id_ = name.partition("/")
        model = known.models.get(id_)
        surface = None if model is None else surface_of(model, provider)
        if surface is not None and stale(known.facts, surface, patience, at.date()):
            yield name, age(known.facts, surface.sources, at.date())


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
