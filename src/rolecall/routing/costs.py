"""What a request did cost, and what it would have cost elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from rolecall.catalogue.prices import PriceBook, Tariff, cost, flat_tariff, tariff
from rolecall.routing.candidates import find
from rolecall.types import Snapshot, Usage

Price = Callable[[str, Usage, datetime], Decimal | None]
"""USD for a call: the deployment's name, what it used, when. None where the price is unknown."""

_MOST_NAMES = 1000
"""Deployments whose tariff is remembered; clients may pin any model of a provider."""


def pricing(book: PriceBook, snapshot: Snapshot) -> Price:
    """Prices of a stack. One stated in `rolecall.toml` outranks the catalogue's."""
    tariffs: dict[str, Tariff | None] = {}

    def price(name: str, usage: Usage, at: datetime) -> Decimal | None:
        if name not in tariffs:
            if len(tariffs) >= _MOST_NAMES:
                tariffs.clear()
            tariffs[name] = tariff_of(book, snapshot, name)
        found, provider = tariffs[name], snapshot.providers[name.partition("/")[0]]
        if found is not None:
            return cost(found, usage, at, provider.long_write)
        return None if provider.billed else Decimal(0)

    return price


def tariff_of(book: PriceBook, snapshot: Snapshot, name: str) -> Tariff | None:
    """The prices of a deployment; None where nobody said what it costs, or it costs nothing."""
    deployment = find(name, snapshot)
    provider = snapshot.providers[deployment.provider]
    if deployment.rates is not None and deployment.rates.stated:
        return flat_tariff(deployment.rates)
    if not provider.billed:
        return None
    return tariff(book, prices=provider.prices, model=deployment.model)
