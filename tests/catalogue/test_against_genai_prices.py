"""The distilled prices are genai-prices' own, and the arithmetic gives the same figures."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from importlib import resources

import genai_prices
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.catalogue.distil import distil, text
from rolecall.catalogue.prices import Tariff, cost, load_prices
from rolecall.types import Usage

BOOK = load_prices()
ALL = [(provider, entry) for provider, entries in BOOK.providers.items() for entry in entries]
TIMES = (
    datetime(2025, 6, 1, 12, tzinfo=UTC),
    datetime(2026, 11, 23, 2, tzinfo=UTC),
    datetime(2026, 11, 23, 12, tzinfo=UTC),
    datetime(2027, 2, 1, 8, tzinfo=UTC),
)
USAGES = (
    Usage(input_tokens=1234, output_tokens=567),
    Usage(input_tokens=9000, cache_read_input_tokens=7000, output_tokens=1),
    Usage(input_tokens=500_001, cache_write_input_tokens=250_000, output_tokens=77),
)


def theirs(provider: str, model: str, usage: Usage, at: datetime) -> Decimal:
    counts = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_input_tokens,
        cache_write_tokens=usage.cache_write_input_tokens,
    )
    found = genai_prices.calc_price(counts, model, provider_id=provider, genai_request_timestamp=at)
    return found.total_price


def test_the_file_is_distilled_from_the_installed_version() -> None:
    """After an update of genai-prices, run `rolecall.catalogue.distil` and read the difference."""
    assert distil(BOOK.checked) == BOOK


def test_the_file_is_as_distil_writes_it() -> None:
    """One line per tariff, so that a changed price is one changed line."""
    file = resources.files("rolecall.catalogue").joinpath("prices.json")
    assert text(BOOK) == file.read_bytes()


@pytest.mark.parametrize("at", TIMES, ids=str)
def test_every_tariff_gives_their_figure(at: datetime) -> None:
    """Each usage at each time, for each model by its first name."""
    for provider, entry in ALL:
        for usage in USAGES:
            expected = theirs(provider, entry.names[0], usage, at)
            assert cost(entry, usage, at) == expected, (provider, entry.names[0], usage)


@given(
    chosen=st.sampled_from(ALL),
    fresh=st.integers(0, 2_000_000),
    read=st.integers(0, 2_000_000),
    write=st.integers(0, 2_000_000),
    output=st.integers(0, 500_000),
    at=st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_any_usage_gives_their_figure(
    chosen: tuple[str, Tariff], fresh: int, read: int, write: int, output: int, at: datetime
) -> None:
    """To the last digit, cached parts counted once."""
    provider, entry = chosen
    usage = Usage(
        input_tokens=fresh + read + write,
        cache_read_input_tokens=read,
        cache_write_input_tokens=write,
        output_tokens=output,
    )
    assert cost(entry, usage, at) == theirs(provider, entry.names[-1], usage, at)


def test_dated_ids_have_the_price_of_their_model_there_too() -> None:
    """`dated` says what genai-prices says of an id with a date."""
    usage, at = USAGES[1], TIMES[2]
    for provider, entry in ALL:
        for name in entry.dated:
            assert cost(entry, usage, at) == theirs(provider, f"{name}-20260305", usage, at), name
