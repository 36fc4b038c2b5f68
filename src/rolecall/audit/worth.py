"""The money of a finding in words."""

from __future__ import annotations

from decimal import Decimal

from rolecall.audit.habits.finding import Money
from rolecall.spoken.figures import dollars

MONEY: dict[Money, str] = {"saved": "to save", "spent": "spent on it", "lost": "lost"}
"""What the money of a finding is, in words."""


def worth(money: Decimal, what: Money) -> str:
    return f"{dollars(money)} {MONEY[what]}"
