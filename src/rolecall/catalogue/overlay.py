"""A refresh of the catalogue: what lists and price books said, laid over the facts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

import msgspec
from msgspec import Struct

from rolecall.catalogue.lifecycle import ENDED, stage
from rolecall.catalogue.listings import Listed
from rolecall.catalogue.models import Conflict, Facts, Model, Source, Surface
from rolecall.catalogue.prices import PriceBook, Tariff


class Heard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one list said of the models that the catalogue knows.

    `own` marks the provider's own list: what it leaves out is not served there.
    `missing` are surfaces' names that it left out.
    """

    on: str
    source: str
    own: bool
    models: tuple[Listed, ...] = ()
    missing: tuple[str, ...] = ()


class Overlay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that refreshes have found since the release. `tariffs` are those that differ."""

    made: datetime
    sources: dict[str, Source] = {}
    lists: tuple[Heard, ...] = ()
    prices: str | None = None
    tariffs: dict[str, tuple[Tariff, ...]] = {}


def laid_over(facts: Facts, overlay: Overlay) -> Facts:
    """The facts with what was heard. The provider's word on a day of retirement wins."""
    heard: dict[tuple[str, str], list[tuple[Heard, Listed | None]]] = {}
    for one in overlay.lists:
        for listed in one.models:
            heard.setdefault((one.on, listed.id), []).append((one, listed))
        for name in one.missing:
            heard.setdefault((one.on, name), []).append((one, None))
    known = {model.id for model in facts.models}
    models = tuple(_model(model, heard, known, overlay.made.date()) for model in facts.models)
    return Facts(sources={**facts.sources, **overlay.sources}, models=models)


def _model(
    model: Model,
    heard: Mapping[tuple[str, str], list[tuple[Heard, Listed | None]]],
    known: set[str],
    day: date,
) -> Model:
    surfaces: list[Surface] = []
    conflicts = list(model.conflicts)
    for surface in model.surfaces:
        for one, listed in heard.get((surface.on, surface.id), ()):
            if listed is not None:
                surface = _surface(surface, one, listed, known)  # noqa: PLW2901 (a fold)
            elif stage(surface, day) not in ENDED:
                says = f"{one.on}'s own list does not name {surface.id}"
                conflicts.append(Conflict(about="lifecycle", says=says, by=one.source))
        surfaces.append(surface)
    return msgspec.structs.replace(model, surfaces=tuple(surfaces), conflicts=tuple(conflicts))


def _surface(surface: Surface, one: Heard, listed: Listed, known: set[str]) -> Surface:
    successor = listed.successor if listed.successor in known else surface.successor
    retires = listed.retires or surface.retires
    return msgspec.structs.replace(
        surface,
        retires=retires,
        deprecated=surface.deprecated or listed.deprecated,
        successor=successor,
        by=tuple(dict.fromkeys((*surface.sources, one.source))),
    )


def priced(book: PriceBook, overlay: Overlay) -> PriceBook:
    """The price book with the tariffs that have changed before its own."""
    if not overlay.tariffs:
        return book
    providers = {
        name: (*overlay.tariffs.get(name, ()), *own) for name, own in book.providers.items()
    }
    source = overlay.prices or book.source
    return PriceBook(source=source, checked=overlay.made.date(), providers=providers)


def changed(old: PriceBook, new: PriceBook) -> dict[str, tuple[Tariff, ...]]:
    """The tariffs of the new book that the old one does not have as they are."""
    found: dict[str, tuple[Tariff, ...]] = {}
    for name, tariffs in new.providers.items():
        before = set(old.providers.get(name, ()))
        differing = tuple(one for one in tariffs if one not in before)
        if name in old.providers and differing:
            found[name] = differing
    return found


def differences(before: Facts, after: Facts) -> Iterator[str]:
    """What an overlay changes, a line for each. Fresher sources alone are no change."""
    for old, new in zip(before.models, after.models, strict=True):
        for was, now in zip(old.surfaces, new.surfaces, strict=True):
            for field in ("retires", "deprecated", "successor"):
                a, b = getattr(was, field), getattr(now, field)
                if a != b:
                    yield f"{old.id} on {was.on}: {field} {a or 'not named'} → {b}"
        for conflict in new.conflicts[len(old.conflicts) :]:
            yield f"{old.id}: {conflict.says}"
