"""Distil genai-prices into `prices.json`, or its update channel into a price book.

For maintainers and `rolecall catalogue refresh`; the gateway never runs this.

    python -m rolecall.catalogue.distil 2026-11-23

The day is the one the prices were checked on. Review the difference before committing it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, time
from decimal import Decimal
from pathlib import Path
from typing import assert_never

import genai_prices
import msgspec
from genai_prices import types as upstream
from genai_prices.data import providers as upstream_providers

from rolecall.catalogue.prices import Price, PriceBook, Step, Tariff
from rolecall.catalogue.providers import load_presets

_OURS = {"input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok"}
_ELSEWHERE = ("_1h_mtok", "audio", "image", "video", "_kcount", "_kpages", "_hours", "_mchars")
"""Prices of what a coding client's text requests do not use, or `Usage` does not count."""
_SAMPLE_DATE = "-20260101"


def distil(checked: date) -> PriceBook:
    """The price book of all providers that have a preset."""
    return _book(upstream_providers, f"genai-prices {genai_prices.__version__} (MIT)", checked)


def distil_update(body: bytes, checked: date) -> PriceBook:
    """The price book in what genai-prices' update channel answers.

    Raises `ValueError` where it is none; pydantic's errors are such, too.
    """
    payload = json.loads(body)
    if not isinstance(payload, list):
        raise ValueError("expected a list of providers")  # noqa: TRY004 (it is data, not a call)
    source = f"genai-prices, update channel of {checked}"
    providers = upstream._providers_from_raw(payload)  # noqa: SLF001 (as its UpdatePrices does)
    return _book(providers, source, checked)


def _book(providers: Iterable[upstream.Provider], source: str, checked: date) -> PriceBook:
    wanted = {preset.prices for preset in load_presets().values()}
    found = {provider.id: provider for provider in providers if provider.id in wanted}
    return PriceBook(
        source=source,
        checked=checked,
        providers={name: tuple(_tariffs(provider)) for name, provider in sorted(found.items())},
    )


def _tariffs(provider: upstream.Provider) -> Iterator[Tariff]:
    for model in provider.models:
        prices = tuple(_prices(model))
        names = tuple(sorted(name for name in set(_names(model)) if _is(provider, name, model)))
        if prices and names:
            dated = tuple(name for name in names if _is(provider, name + _SAMPLE_DATE, model))
            yield Tariff(names=names, dated=dated, prices=prices)


def _is(provider: upstream.Provider, name: str, model: upstream.ModelInfo) -> bool:
    """genai-prices takes the first model that matches."""
    return provider.find_model(name) is model


def _names(model: upstream.ModelInfo) -> Iterator[str]:
    """The ids that genai-prices writes out in full; a prefix is an id too, without what follows."""
    yield model.id
    match = model.match
    for clause in match.or_ if isinstance(match, upstream.ClauseOr) else [match]:
        if isinstance(clause, upstream.ClauseEquals):
            yield clause.equals
        elif isinstance(clause, upstream.ClauseStartsWith) and clause.starts_with[-1].isalnum():
            yield clause.starts_with


def _prices(model: upstream.ModelInfo) -> Iterator[Price]:
    """All prices of a model, or none where one has a part that we cannot count."""
    entries = model.prices
    if isinstance(entries, upstream.ModelPrice):
        entries = [upstream.ConditionalPrice(prices=entries)]
    if not all(_countable(entry.prices) for entry in entries):
        return
    for entry in entries:
        yield _price(entry)


def _countable(price: upstream.ModelPrice) -> bool:
    keys = {key for key, value in vars(price).items() if value is not None}
    foreign = {key for key in keys - _OURS if not any(part in key for part in _ELSEWHERE)}
    return {"input_mtok", "output_mtok"} <= keys and not foreign


def _price(entry: upstream.ConditionalPrice) -> Price:
    price = vars(entry.prices)
    read, write = price.get("cache_read_mtok"), price.get("cache_write_mtok")
    since, between = _when(entry.constraint)
    return Price(
        since=since,
        between=between,
        input=_steps(price["input_mtok"]),
        output=_steps(price["output_mtok"]),
        cache_read=None if read is None else _steps(read),
        cache_write=None if write is None else _steps(write),
    )


def _when(
    limit: upstream.StartDateConstraint | upstream.TimeOfDateConstraint | None,
) -> tuple[date | None, tuple[time, time] | None]:
    match limit:
        case None:
            return None, None
        case upstream.StartDateConstraint():
            return limit.start_date, None
        case upstream.TimeOfDateConstraint():
            return None, (_utc(limit.start_time), _utc(limit.end_time))
        case _:
            assert_never(limit)


def _utc(moment: time) -> time:
    if moment.tzinfo not in (None, UTC):
        raise ValueError(f"{moment!r}: expected UTC; read genai-prices' changes and mend `distil`")
    return moment.replace(tzinfo=None)


def _steps(price: Decimal | upstream.TieredPrices) -> tuple[Step, ...]:
    if isinstance(price, Decimal):
        return (Step(0, price),)
    return (Step(0, price.base), *(Step(tier.start, tier.price) for tier in price.tiers))


def text(book: PriceBook) -> bytes:
    """One line per tariff, so that a changed price is one changed line."""
    plain = msgspec.to_builtins(book)
    lines = [
        "{",
        f' "source": "{book.source}",',
        f' "checked": "{book.checked}",',
        ' "providers": {',
    ]
    for provider, tariffs in plain["providers"].items():
        lines.append(f'  "{provider}": [')
        lines += [f"   {_line(entry)}," for entry in tariffs]
        lines[-1] = lines[-1].removesuffix(",")
        lines.append("  ],")
    lines[-1] = lines[-1].removesuffix(",")
    return "\n".join([*lines, " }", "}", ""]).encode()


def _line(entry: dict[str, object]) -> str:
    return msgspec.json.encode(entry).decode()


if __name__ == "__main__":
    day = date.fromisoformat(sys.argv[1])
    Path(__file__).with_name("prices.json").write_bytes(text(distil(day)))
