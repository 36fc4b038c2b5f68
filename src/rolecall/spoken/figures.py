"""Names and figures as people read them."""

from __future__ import annotations

from decimal import Decimal

from rolecall.types import Record, Usage


def plain(text: str) -> str:
    """Names that others chose, without the control characters that would move a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def dollars(amount: Decimal | None) -> str:
    """Three significant digits; `unknown` where the price is."""
    if amount is None:
        return "unknown"
    if amount == 0:
        return "$0"
    digits = max(2, 2 - amount.adjusted())
    return f"${amount:.{digits}f}"


def big(tokens: int) -> str:
    """Three digits and a unit."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if tokens >= size:
            return f"{tokens / size:.3g} {unit}"
    return str(tokens)


def chance(confidence: float | None) -> str:
    """Two digits; nothing was measured where there is none."""
    return "not measured" if confidence is None else f"{confidence:.2f}"


def seconds(duration: float | None) -> str:
    if duration is None:
        return ""
    if duration < 1:
        return f"{duration * 1000:.0f} ms"
    return f"{duration:.1f} s" if duration < 100 else f"{duration / 60:.1f} min"


def tokens(usage: Usage | None) -> str:
    """The four counts in one line."""
    if usage is None:
        return "not reported by the provider"
    cached = f"{usage.cache_read_input_tokens:,} read from cache"
    written = f"{usage.cache_write_input_tokens:,} written to it"
    return (
        f"{usage.input_tokens:,} input tokens ({cached}, {written}), "
        f"{usage.output_tokens:,} output tokens"
    )


def total_cost(record: Record) -> Decimal | None:
    """What all attempts cost together; None where one that was used has no known price."""
    costs = [attempt.cost for attempt in record.attempts if attempt.usage is not None]
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(costs) else None
