"""Decision ids: short, in the order of time, safe to type."""

from __future__ import annotations

from collections.abc import Callable

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that looks like a digit."""


def decision_id(milliseconds: int, draw: int) -> str:
    """Nine digits of time and five of chance, as `0kq3m8v2c-7h2kq`."""
    return f"{_base32(milliseconds, 9)}-{_base32(draw, 5)}"


def _base32(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        digits.append(_DIGITS[number & 31])
        number >>= 5
    return "".join(reversed(digits))


def sequence(draw: Callable[[], int]) -> Callable[[], int]:
    """Draws that never repeat within 33 million calls, beginning at random."""
    state = draw()

    def following() -> int:
        nonlocal state
        state = (state + 1) & 0x1FFFFFF
        return state

    return following
