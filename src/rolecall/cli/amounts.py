"""Sums and kinds of work as people write them on the command line."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from rolecall.config.load import nearest
from rolecall.errors import ConfigError
from rolecall.types import KINDS, Kind


def kind_of(text: str) -> Kind:
    """Raises `ConfigError` for what is none, with the nearest that is."""
    for kind in KINDS:
        if kind == text:
            return kind
    raise ConfigError(f"--kind {text!r} is none; {nearest(text, KINDS)}")


def money(option: str, text: str | None) -> Decimal | None:
    """USD, with or without a sign. Raises `ConfigError` for what is no sum."""
    try:
        amount = None if text is None else Decimal(text.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("nan")
    if amount is not None and not (amount.is_finite() and amount > 0):
        raise ConfigError(f"{option} {text!r} is no sum; give USD, as in {option} 20")
    return amount
