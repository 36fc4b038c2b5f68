"""What is told of ends and of old facts, asked at many dates."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from rolecall.config.known import shipped
from rolecall.config.notices import notices, of_stack, remarks
from rolecall.config.settings import CatalogueSettings
from routing.worlds import KNOWN

SETTINGS = CatalogueSettings()


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(hour=12, tzinfo=UTC)


def test_next_ninety_days_from_the_day_of_the_catalogue() -> None:
    """Everything that ends, the nearest first, and nothing else."""
    ends = notices(KNOWN, day("2026-11-23"), 90)
    assert [(one.day, one.id, one.surface, one.successor) for one in ends] == [
        ("2026-11-30", "claude-sonnet-4-5", "anthropic", "claude-sonnet-5-5"),
        ("2026-11-30", "claude-sonnet-4-5", "claude-code", "claude-sonnet-5-5"),
        ("2026-12-01", "gemini-2.5-flash", "google", "gemini-3.5-flash-lite"),
        ("2026-12-01", "gemini-2.5-pro", "google", "gemini-3.8-flash"),
        ("2026-12-11", "gpt-5", "openai", "gpt-6.1-sol"),
        ("2026-12-11", "gpt-5-mini", "openai", "gpt-6.1-terra"),
        ("2026-12-11", "gpt-5-nano", "openai", "gpt-6-luna"),
        ("2026-12-11", "gpt-5-pro", "openai", None),
        ("2026-12-11", "o3", "openai", None),
        ("2026-12-11", "o3-pro", "openai", None),
        ("2027-01-14", "gpt-4.1", "openai", None),
        ("2027-01-14", "gpt-4.1-mini", "openai", None),
        ("2027-01-14", "gpt-4o", "openai", None),
        ("2027-01-14", "gpt-4o-mini", "openai", None),
        ("2027-02-04", "gpt-5.3-codex", "github-copilot", None),
    ]


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("2026-10-01", None),
        ("2026-11-23", "gpt-5 on openai retires in 18 days (2026-12-11) → gpt-6.1-sol: "),
        ("2026-12-10", "gpt-5 on openai retires in 1 day (2026-12-11) → gpt-6.1-sol: "),
        ("2026-12-11", "gpt-5 on openai retired 0 days ago (2026-12-11) → gpt-6.1-sol: "),
        ("2027-06-01", "gpt-5 on openai retired 172 days ago (2026-12-11) → gpt-6.1-sol: "),
    ],
)
def test_line_says_when_and_what_is_different(at: str, says: str | None) -> None:
    """Price and context of the successor beside those of today."""
    found = of_stack(["openai/gpt-5", "openai/gpt-6-luna"], KNOWN, day(at), SETTINGS.notice_days)
    if says is None:
        assert found == []
    else:
        assert found[0].says == says + "input $1.25 → $2.00 (+60%); context 400,000 → 1,050,000"


def test_price_after_the_end_is_that_of_its_day() -> None:
    """Gemini 3.8 Flash costs twice as much from 2027 on: the price of the day of the end counts."""
    before = notices(KNOWN, day("2026-11-23"), 30)
    line = next(one for one in before if one.id == "gemini-2.5-pro")
    assert line.differs == ("input $1.25 → $0.75 (-40%), output $10.00 → $3.75 (-62%)",)
    assert line.then == "billed-as-successor"


def test_facts_grow_old() -> None:
    """A fortnight after the source spoke it is said wherever the model is used."""
    fresh = remarks(["openai/gpt-6.1-sol"], KNOWN, SETTINGS, day("2026-12-01"))
    assert fresh == []
    old = remarks(["openai/gpt-6.1-sol"], KNOWN, SETTINGS, day("2026-12-02"))
    assert old == [
        "what is known of openai/gpt-6.1-sol is 15 days old; `rolecall catalogue refresh` asks anew"
    ]
    ended = remarks(["openai/gpt-5.2-codex"], KNOWN, SETTINGS, day("2027-12-02"))
    assert not any("days old" in line for line in ended)


def test_catalogue_is_loaded_in_time() -> None:
    """Models, providers and prices together: at most 150 ms of each start."""
    times = []
    for _ in range(3):
        began = time.process_time()
        shipped()
        times.append(time.process_time() - began)
    assert min(times) < 0.15
