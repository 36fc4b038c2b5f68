"""What has been spent today, and what is under way: reserved before a call, settled after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from rolecall.types import Budget

_NOTHING = Decimal(0)


class Purse:
    """Only what has a limit is counted. A day is one of this machine's clock.

    `spent` is replaced, never changed: decisions may hold on to it.
    """

    def __init__(self, budget: Budget) -> None:
        self._limited = frozenset(budget.limits)
        self._day: date | None = None
        self.spent: Mapping[str, Decimal] = {}

    def at(self, now: datetime) -> Mapping[str, Decimal]:
        """What is spent and reserved today; a new day begins with nothing."""
        today = now.astimezone().date()
        if self._day is None or today > self._day:  # a clock that is set back gives nothing back
            self._day, self.spent = today, {}
        return self.spent

    def reserve(self, names: Iterable[str], amount: float) -> Reservation:
        """Count a call before it is made, so that calls at once see each other."""
        expected = Decimal(str(round(max(amount, 0.0), 6)))
        limited = tuple(filter(self.limits, names))
        self.add(limited, expected)
        return Reservation(self, limited, expected, self._day)

    def limits(self, name: str) -> bool:
        """Whether something of this name has a limit."""
        return name in self._limited

    def add(self, names: Iterable[str], amount: Decimal) -> None:
        more = {name: self.spent.get(name, _NOTHING) + amount for name in names}
        if more:
            self.spent = {**self.spent, **more}

    def settle(self, held: Reservation, cost: Decimal) -> None:
        """What it did cost, in place of what was reserved."""
        same_day = held.day == self._day
        self.add(held.names, cost - held.amount if same_day else cost)


class Reservation:
    """What a call is expected to cost, until it is known; settled once."""

    def __init__(
        self, purse: Purse, names: tuple[str, ...], amount: Decimal, day: date | None
    ) -> None:
        self._purse: Purse | None = purse
        self.names = names
        self.amount = amount
        self.day = day

    def settle(self, cost: Decimal | None) -> None:
        """An unknown cost counts as what was expected."""
        purse, self._purse = self._purse, None
        if purse is not None:
            purse.settle(self, self.amount if cost is None else cost)
