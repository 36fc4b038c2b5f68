"""What a call costs, exactly and at the time it was made.

Prices are those of genai-prices, distilled into `prices.json` by `rolecall.catalogue.distil` (their
licence is in `prices.LICENSE`). The package itself stays out of the gateway: importing it with its
data takes 0.6 s and 39 MB, for it brings pydantic and an HTTP client, and a calculation takes
170 µs; here it is 8 ms, 2 MB and 3 µs. `tests/catalogue/test_against_genai_prices.py` holds the two
to the same figures.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib import resources

import msgspec
from msgspec import Struct

from rolecall.types import Rates, Usage

_DATED = re.compile(r"(.+)-(?:20\d{6}|20\d{2}-\d{2}-\d{2})")
_MILLION = -6


class Step(Struct, frozen=True, array_like=True):
    """USD per million tokens for a request with more than `above` input tokens."""

    above: int
    price: Decimal


class Price(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Prices from the UTC day `since` on, or between two UTC times of each day.

    The first step of each holds for small requests. A cached part without a price of its own costs
    what other input costs.
    """

    since: date | None = None
    between: tuple[time, time] | None = None
    input: tuple[Step, ...]
    output: tuple[Step, ...]
    cache_read: tuple[Step, ...] | None = None
    cache_write: tuple[Step, ...] | None = None


class Tariff(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """All prices of a model at a provider; the last one in force counts.

    `names` are ids and aliases; the ones in `dated` may carry a date as their last part.
    """

    names: tuple[str, ...]
    dated: tuple[str, ...] = ()
    prices: tuple[Price, ...]


class PriceBook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tariffs by the provider's id in genai-prices."""

    source: str
    checked: date
    providers: dict[str, tuple[Tariff, ...]]


def load_prices() -> PriceBook:
    """The prices that ship with rolecall."""
    text = resources.files("rolecall.catalogue").joinpath("prices.json").read_bytes()
    return msgspec.json.decode(text, type=PriceBook)


def tariff(book: PriceBook, *, prices: str | None, model: str) -> Tariff | None:
    """The tariff of a model, or None where nobody said what it costs.

    genai-prices matches many ids by prefix, so that `claude-haiku-4-5-turbo` would silently cost
    what `claude-haiku-4-5` does. Only an exact id or alias counts here, or one followed by a date
    (`-20251001`, `-2026-03-05`) where genai-prices gives the dated id the same price.
    """
    known = book.providers.get(prices or "", ())
    for candidate in known:
        if model in candidate.names:
            return candidate
    dated = _DATED.fullmatch(model)
    if dated is None:
        return None
    return next((candidate for candidate in known if dated[1] in candidate.dated), None)


def flat_tariff(rates: Rates) -> Tariff:
    """The tariff of a price that a user wrote down: the same at any time and size."""
    read = rates.cache_read
    price = Price(
        input=(Step(0, rates.input),),
        output=(Step(0, rates.output),),
        cache_read=None if read is None else (Step(0, read),),
    )
    return Tariff(names=(), prices=(price,))


def cost(
    tariff: Tariff, usage: Usage, at: datetime, long_write: Decimal | None = None
) -> Decimal | None:
    """USD for one call at the aware time `at`; None where the counts contradict each other.

    The size that picks a step is all input, cached or not. Standard service tier. What is kept for
    an hour costs `long_write` times the input price, and where that is None what any write does.
    """
    price, size = _price_at(tariff, at), usage.input_tokens
    read, write = usage.cache_read_input_tokens, usage.cache_write_input_tokens
    long = usage.cache_write_1h_input_tokens
    fresh = size - read - write
    if min(fresh, read, write, usage.output_tokens, write - long) < 0:
        return None
    total = _at(price.input, size) * fresh + _at(price.output, size) * usage.output_tokens
    if read:
        total += _at(price.cache_read or price.input, size) * read
    if write:
        total += _at(price.cache_write or price.input, size) * (write - long)
    if long:
        total += _long(price, size, long_write) * long
    return total.scaleb(_MILLION)


def _long(price: Price, size: int, times: Decimal | None) -> Decimal:
    if times is None:
        return _at(price.cache_write or price.input, size)
    return _at(price.input, size) * times


class Flat(Struct, frozen=True, kw_only=True):
    """USD per million tokens that hold at any time and for any size, for many calls at once."""

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal
    long_write: Decimal

    def cost(self, size: int, output: int, read: int, write: int, long: int) -> Decimal | None:
        """What `cost` says of a call with these tokens; `size` is all input, cached or not."""
        fresh = size - read - write
        if fresh < 0 or read < 0 or output < 0 or not 0 <= long <= write:
            return None
        total = self.input * fresh + self.output * output + self.cache_read * read
        if write:
            total += self.cache_write * (write - long) + self.long_write * long
        return total.scaleb(_MILLION)


def flat(tariff: Tariff, long_write: Decimal | None = None) -> Flat | None:
    """The prices of a tariff that knows no times and no sizes; None where it knows some."""
    if len(tariff.prices) > 1:
        return None
    price = tariff.prices[0]
    every = (price.input, price.output, price.cache_read or (), price.cache_write or ())
    if any(len(steps) > 1 or any(step.above for step in steps) for steps in every):
        return None
    return Flat(
        input=_at(price.input, 0),
        output=_at(price.output, 0),
        cache_read=_at(price.cache_read or price.input, 0),
        cache_write=_at(price.cache_write or price.input, 0),
        long_write=_long(price, 0, long_write),
    )


def rates(tariff: Tariff, at: datetime) -> Rates:
    """What a small request costs at the aware time `at`, and larger ones, for estimates."""
    price = _price_at(tariff, at)
    every = (price.input, price.output, price.cache_read or (), price.cache_write or ())
    sizes = sorted({step.above for steps in every for step in steps if step.above})
    larger = tuple(_rates(price, size) for size in sizes)
    return msgspec.structs.replace(_rates(price, 0), larger=larger)


def _rates(price: Price, above: int) -> Rates:
    size = above + 1
    return Rates(
        input=_at(price.input, size),
        output=_at(price.output, size),
        cache_read=_at(price.cache_read, size) if price.cache_read else None,
        cache_write=_at(price.cache_write, size) if price.cache_write else None,
        above=above,
    )


def _price_at(tariff: Tariff, at: datetime) -> Price:
    prices = tariff.prices
    if len(prices) > 1:
        moment = at.astimezone(UTC)
        for price in reversed(prices):
            if _in_force(price, moment):
                return price
    return prices[0]


def _in_force(price: Price, moment: datetime) -> bool:
    if price.since is not None:
        return moment.date() >= price.since
    if price.between is None:
        return True
    start, end = price.between
    now = moment.time()
    return start <= now < end if start <= end else now >= start or now < end


def _at(steps: tuple[Step, ...], size: int) -> Decimal:
    """The step for a request of this size; mostly there is only one."""
    price = steps[0].price
    for step in steps[1:]:
        if size > step.above:
            price = step.price
    return price
