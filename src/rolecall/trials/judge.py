"""Say whether a task is done: by its tests, or by the places that a review names."""

from __future__ import annotations

from msgspec import Struct


class Verdict(Struct, frozen=True, kw_only=True):
    """What a judge says. `solved` is None where it could not judge, which is nobody's failure."""

    solved: bool | None
    says: str
    seconds: float = 0.0
    output: str = ""
