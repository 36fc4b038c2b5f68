"""What a request would cost before it is sent, and what it did cost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from rolecall.catalogue.prices import cost
from rolecall.routing.candidates import find
from rolecall.types import Rates, Snapshot, Usage

_MILLION = Decimal(1_000_000)


def price(snapshot: Snapshot, name: str, usage: Usage, at: datetime) -> Decimal | None:
    """USD for `usage` at a deployment, at the prices of that moment; None where unknown.

    A price stated in `rolecall.toml` outranks the catalogue's. Engines that bill nothing cost 0.
    """
    deployment = find(name, snapshot)
    provider = snapshot.providers[deployment.provider]
    if deployment.rates is not None and deployment.rates.stated:
        return _stated(deployment.rates, usage)
    if not provider.billed:
        return Decimal(0)
    if provider.prices is None:
        return None
    return cost(usage, prices=provider.prices, model=deployment.model, at=at)


def _stated(rates: Rates, usage: Usage) -> Decimal:
    read = usage.cache_read_input_tokens
    read_rate = rates.input if rates.cache_read is None else rates.cache_read
    total = (
        (usage.input_tokens - read) * rates.input
        + read * read_rate
        + usage.output_tokens * rates.output
    )
    return total / _MILLION
