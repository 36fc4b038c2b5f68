"""What the catalogue knows, as one value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from rolecall.catalogue.models import Facts, Model, load_facts, names
from rolecall.catalogue.prices import PriceBook, Tariff, flat_tariff, load_prices, rates, tariff
from rolecall.catalogue.providers import EnginePreset, Preset, load_engines, load_presets
from rolecall.types import Rates


class Known(Struct, frozen=True, kw_only=True):
    """What the catalogue knows, loaded once."""

    presets: Mapping[str, Preset]
    engines: Mapping[str, EnginePreset]
    facts: Facts
    models: Mapping[str, Model]
    """By every name that a model has."""
    prices: PriceBook


def shipped() -> Known:
    """What ships with rolecall."""
    return known_from(load_facts(), load_prices())


def known_from(facts: Facts, prices: PriceBook) -> Known:
    """The catalogue of these facts. Prices that they state count where the book has none."""
    presets = load_presets()
    return Known(
        presets=presets,
        engines=load_engines(),
        facts=facts,
        models=facts.named(),
        prices=_with_stated(prices, facts.models, presets),
    )


def rates_of(known: Known, model: str, provider: str, at: datetime) -> Rates | None:
    """What a small request costs at a preset's provider, None where no source says."""
    preset = known.presets.get(provider)
    found = tariff(known.prices, prices=preset.prices if preset else None, model=model)
    return None if found is None else rates(found, at)


def _with_stated(
    book: PriceBook, models: Iterable[Model], presets: Mapping[str, Preset]
) -> PriceBook:
    added: dict[str, tuple[Tariff, ...]] = {}
    for model in models:
        preset = presets.get(model.surfaces[0].on) if model.surfaces else None
        if model.price is None or preset is None:
            continue
        if tariff(book, prices=preset.prices, model=model.id) is None:
            flat = flat_tariff(Rates(input=model.price.input, output=model.price.output))
            own = msgspec.structs.replace(flat, names=tuple(names(model)))
            added[preset.prices] = (*added.get(preset.prices, ()), own)
    merged = {name: (*found, *added.get(name, ())) for name, found in book.providers.items()}
    return msgspec.structs.replace(book, providers=merged)
