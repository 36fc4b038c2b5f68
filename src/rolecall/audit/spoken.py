"""Names and figures as people read them."""

from __future__ import annotations

from decimal import Decimal

from rolecall.audit.habits.finding import Money

MONEY: dict[Money, str] = {"saved": "to save", "spent": "spent on it", "lost": "lost"}
"""What the money of a finding is, in words."""


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


def worth(money: Decimal, what: Money) -> str:
    return f"{dollars(money)} {MONEY[what]}"


def big(tokens: int) -> str:
    """Three digits and a unit."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if tokens >= size:
            return f"{tokens / size:.3g} {unit}"
    return str(tokens)
