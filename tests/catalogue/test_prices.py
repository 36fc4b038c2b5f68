"""What a call costs, against figures worked out by hand from the prices in force."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.catalogue.prices import (
    Flat,
    Tariff,
    cost,
    flat,
    flat_tariff,
    load_prices,
    rates,
    tariff,
)
from rolecall.types import Rates, Usage

BOOK = load_prices()
TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


def known(prices: str, model: str) -> Tariff:
    found = tariff(BOOK, prices=prices, model=model)
    assert found is not None
    return found


def test_what_is_kept_for_an_hour_costs_its_multiple() -> None:
    """Sonnet 5.5: $2 in, $2.50 to write for minutes, twice the input for an hour.

    300 written for minutes, 500 for an hour: 300·2.5 + 500·4 = 2750 millionths.
    """
    usage = Usage(
        input_tokens=800,
        output_tokens=0,
        cache_write_input_tokens=800,
        cache_write_1h_input_tokens=500,
    )
    sonnet = known("anthropic", "claude-sonnet-5-5")
    assert cost(sonnet, usage, TODAY, Decimal(2)) == Decimal("0.00275")
    assert cost(sonnet, usage, TODAY) == Decimal("0.002")
    more_than_written = msgspec.structs.replace(usage, cache_write_1h_input_tokens=900)
    assert cost(sonnet, more_than_written, TODAY) is None


def test_openai_with_a_cached_part() -> None:
    """GPT-6.1 Sol: $2 in, $0.10 cached, $10 out. 400·2 + 600·0.1 + 200·10 = 2860 millionths."""
    usage = Usage(input_tokens=1000, cache_read_input_tokens=600, output_tokens=200)
    assert cost(known("openai", "gpt-6.1-sol"), usage, TODAY) == Decimal("0.00286")


def test_anthropic_with_cache_read_and_write() -> None:
    """Sonnet 5.5: 2, 0.1, 2.5 and 10. 1000·2 + 8000·0.1 + 1000·2.5 + 500·10 = 10300."""
    usage = Usage(
        input_tokens=10_000,
        cache_read_input_tokens=8000,
        cache_write_input_tokens=1000,
        output_tokens=500,
    )
    assert cost(known("anthropic", "claude-sonnet-5-5"), usage, TODAY) == Decimal("0.0103")


def test_the_threshold_counts_all_input_and_moves_every_price() -> None:
    """Above 272,000: 4, 0.2 and 15. 200000·4 + 100000·0.2 + 1000·15 = 835000."""
    usage = Usage(input_tokens=300_000, cache_read_input_tokens=100_000, output_tokens=1000)
    assert cost(known("openai", "gpt-6.1-sol"), usage, TODAY) == Decimal("0.835")


@pytest.mark.parametrize(("size", "usd"), [(272_000, "0.544"), (272_001, "1.088004")])
def test_the_threshold_itself_is_still_the_lower_step(size: int, usd: str) -> None:
    """272000·2 = 544000 and 272001·4 = 1088004."""
    usage = Usage(input_tokens=size, output_tokens=0)
    assert cost(known("openai", "gpt-6.1-sol"), usage, TODAY) == Decimal(usd)


@pytest.mark.parametrize(
    ("at", "usd"),
    [
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), "0.003"),
        (datetime(2026, 12, 1, tzinfo=UTC), "0.006"),
        (datetime(2026, 12, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))), "0.003"),
    ],
)
def test_a_price_changes_at_midnight_utc(at: datetime, usd: str) -> None:
    """Gemini 4 Argon doubles on 2026-12-01: 1000·2 + 100·10, then 1000·4 + 100·20."""
    usage = Usage(input_tokens=1000, output_tokens=100)
    assert cost(known("google", "gemini-4-argon"), usage, at) == Decimal(usd)


@pytest.mark.parametrize(
    ("hour", "usd"),
    [(0, "0.00021"), (1, "0.00042"), (4, "0.00021"), (6, "0.00042"), (10, "0.00021")],
)
def test_peak_hours(hour: int, usd: str) -> None:
    """DeepSeek Flash costs twice from 1 to 4 and from 6 to 10 UTC: 1000·0.15 + 100·0.6 = 210."""
    usage = Usage(input_tokens=1000, output_tokens=100)
    at = TODAY.replace(hour=hour)
    assert cost(known("deepseek", "deepseek-flash"), usage, at) == Decimal(usd)


def test_a_cached_part_without_its_own_price_costs_what_input_costs() -> None:
    """Claude 2: 8 and 24, no cache."""
    usage = Usage(input_tokens=1000, cache_read_input_tokens=500, output_tokens=10)
    assert cost(known("anthropic", "claude-2"), usage, TODAY) == Decimal("0.00824")


def test_nothing_used_costs_nothing() -> None:
    """A known price of no tokens is zero, unlike an unknown price."""
    empty = Usage(input_tokens=0, output_tokens=0)
    assert cost(known("openai", "gpt-6-luna"), empty, TODAY) == 0


@pytest.mark.parametrize(
    "usage",
    [
        Usage(
            input_tokens=10, cache_read_input_tokens=8, cache_write_input_tokens=3, output_tokens=1
        ),
        Usage(input_tokens=10, cache_read_input_tokens=-1, output_tokens=1),
        Usage(input_tokens=10, output_tokens=-1),
    ],
)
def test_counts_that_contradict_each_other_have_no_price(usage: Usage) -> None:
    """Better none than one that is too low."""
    assert cost(known("openai", "gpt-6-luna"), usage, TODAY) is None


@pytest.mark.parametrize(
    ("prices", "model"),
    [
        ("openai", "gpt-9"),
        ("openai", ""),
        ("nobody", "gpt-6-astra"),
        (None, "gpt-6-astra"),
        ("openai", "gpt-6-astra-mini"),
        ("openai", "gpt-6-luna-latest"),
        ("anthropic", "claude-haiku-4-5-turbo"),
        ("anthropic", "claude-haiku-4-5-20251001-fast"),
        ("moonshotai", "kimi-k2.5-preview"),
        ("x-ai", "claude-opus-5-5"),
        ("openai", "gpt-6.2-astra"),
    ],
)
def test_what_is_not_known_is_not_guessed(prices: str | None, model: str) -> None:
    """Not by prefix, not at another provider, and not where genai-prices has no entry yet."""
    assert tariff(BOOK, prices=prices, model=model) is None


@pytest.mark.parametrize(
    ("prices", "model", "same_as"),
    [
        ("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("openai", "gpt-6-luna-2026-09-22", "gpt-6-luna"),
        ("openai", "gpt-5.4-2026-03-05", "gpt-5.4"),
        ("openai", "gpt-5.6", "gpt-5.6-sol"),
        ("zai", "GLM-5.3", "glm-5.3"),
    ],
)
def test_dated_ids_and_aliases_cost_the_same(prices: str, model: str, same_as: str) -> None:
    """Clients and providers name models by them."""
    assert known(prices, model) is known(prices, same_as)


def test_rates_are_those_of_a_small_request() -> None:
    """GPT-6.1 Sol below its threshold."""
    expected = Rates(
        input=Decimal(2),
        output=Decimal(10),
        cache_read=Decimal("0.1"),
        cache_write=Decimal("2.5"),
        larger=(
            Rates(
                input=Decimal(4),
                output=Decimal(15),
                cache_read=Decimal("0.2"),
                cache_write=Decimal(5),
                above=272_000,
            ),
        ),
    )
    assert rates(known("openai", "gpt-6.1-sol"), TODAY) == expected


def test_rates_say_where_a_cached_part_has_no_price() -> None:
    """None, not the price of other input."""
    assert rates(known("anthropic", "claude-2"), TODAY).cache_read is None


def test_a_stated_price_holds_at_any_size() -> None:
    """What a user wrote down: 1 in, 0.5 cached, 2 out. 500000·1 + 500000·0.5 + 10·2 = 750020."""
    stated = Rates(input=Decimal(1), output=Decimal(2), cache_read=Decimal("0.5"))
    usage = Usage(input_tokens=1_000_000, cache_read_input_tokens=500_000, output_tokens=10)
    assert cost(flat_tariff(stated), usage, TODAY) == Decimal("0.75002")


def test_a_stated_price_may_leave_the_cache_out() -> None:
    """Then cached input costs what other input costs."""
    stated = flat_tariff(Rates(input=Decimal(1), output=Decimal(2)))
    usage = Usage(input_tokens=100, cache_read_input_tokens=50, output_tokens=0)
    assert cost(stated, usage, TODAY) == Decimal("0.0001")


def test_genai_prices_stays_out_of_the_gateway() -> None:
    """It costs most of a second and 39 MB to import; `distil` alone needs it."""
    script = (
        "import sys, rolecall.catalogue.models, rolecall.catalogue.prices as p\n"
        "p.load_prices()\n"
        "print(*sorted({'genai_prices', 'pydantic', 'httpx2'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


FLAT = [(one, found) for own in BOOK.providers.values() for one in own if (found := flat(one))]
COUNT = st.integers(-1, 400_000)


@settings(max_examples=200)
@given(st.sampled_from(FLAT), st.tuples(COUNT, COUNT, COUNT, COUNT, COUNT))
def test_flat_prices_say_what_the_tariff_says(
    known: tuple[Tariff, Flat], counts: tuple[int, int, int, int, int]
) -> None:
    """For many calls at once: the same figure, and none where the counts contradict each other."""
    size, output, read, write, long = counts
    usage = Usage(
        input_tokens=size,
        output_tokens=output,
        cache_read_input_tokens=read,
        cache_write_input_tokens=write,
        cache_write_1h_input_tokens=max(long, 0),
    )
    one, found = known
    assert found.cost(size, output, read, write, max(long, 0)) == cost(one, usage, TODAY)


def test_a_tariff_with_times_or_sizes_is_not_flat() -> None:
    """Those are looked up call by call."""
    assert flat(known("openai", "gpt-6.1-sol")) is None
    assert flat(known("deepseek", "deepseek-flash")) is None
    assert flat(known("anthropic", "claude-sonnet-5-5")) is not None
