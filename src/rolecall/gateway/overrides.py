"""What people have overridden, as the running gateway follows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import get_args

import msgspec
from msgspec import Struct

from rolecall.ledger.overrides import Override
from rolecall.routing.boundaries import OF_THE_CONVERSATION
from rolecall.types import Ailment, Request, Role


class Overrides(Struct, frozen=True, kw_only=True):
    """Replaced whole. `pinned` is by session, `alone` by deployment."""

    pinned: Mapping[str, Override] = {}
    alone: Mapping[str, Override] = {}

    def ailments(self, at: datetime) -> dict[str, Ailment]:
        """Deployments that are to be left alone, as if they were unwell."""
        return {
            name: Ailment(until=one.until, why=f"by hand{_by(one)}")
            for name, one in self.alone.items()
            if one.until is not None and one.until > at
        }

    def applied(self, request: Request, session: str) -> Request:
        """The request as it is to be decided; an ask of its own stands, and so do chores."""
        one = self.pinned.get(session)
        if one is None or request.asked_role is not None:
            return request
        if request.signals.work not in OF_THE_CONVERSATION:
            return request
        says = f"this session was pinned to {one.value} by hand{_by(one)}"
        return msgspec.structs.replace(request, asked_role=_role(one), asked_by=says)


def overrides_of(found: Iterable[Override]) -> Overrides:
    """Those in force, oldest first; of several on one subject the newest counts."""
    kept = tuple(found)
    return Overrides(
        pinned={one.subject: one for one in kept if one.sort == "role" and _role(one)},
        alone={one.subject: one for one in kept if one.sort == "alone"},
    )


def _role(one: Override) -> Role | None:
    return next((role for role in get_args(Role) if role == one.value), None)


def _by(one: Override) -> str:
    who = f" by {one.person}" if one.person else ""
    return f"{who} at {one.at:%Y-%m-%d %H:%M} UTC"
