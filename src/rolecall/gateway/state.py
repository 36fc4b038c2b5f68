"""What a running gateway holds."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import Struct

from rolecall.egress.door import Door
from rolecall.gateway.access import Access
from rolecall.gateway.guard import Guard
from rolecall.gateway.health import Health
from rolecall.gateway.ids import decision_id, sequence
from rolecall.gateway.intake import Limits
from rolecall.gateway.overrides import Overrides
from rolecall.gateway.paces import Paces
from rolecall.gateway.purse import Purse
from rolecall.ledger.store import Ledger
from rolecall.ledger.writer import Writer
from rolecall.measure.standings import Scoreboard
from rolecall.routing.costs import Price
from rolecall.routing.signals import Recogniser
from rolecall.types import Ailment, Decision, Request, Snapshot


class UnderWay(Struct, frozen=True):
    """What is being answered."""

    request: Request
    decision: Decision


class Gateway(Struct, kw_only=True):
    """One running gateway. `world` is swapped whole; the rest has its lifetime."""

    world: Snapshot
    recogniser: Recogniser
    access: Access
    limits: Limits
    price: Price
    ledger: Ledger
    writer: Writer
    door: Door
    guard: Guard | None = None
    """None where no rule of privacy is written."""
    health: Health = msgspec.field(default_factory=Health)
    overrides: Overrides = Overrides()
    stops: Callable[[], bool] = lambda: False
    """Whether it is about to end: answers without an end of their own end then."""
    underway: dict[str, UnderWay] = msgspec.field(default_factory=dict)
    """What is being answered now, by id; a record follows at its end."""
    scoreboard: Scoreboard
    purse: Purse
    paces: Paces = msgspec.field(default_factory=Paces)
    draw: Callable[[], int] = msgspec.field(
        default_factory=lambda: sequence(lambda: secrets.randbits(25))
    )

    def at(self, at: datetime) -> Snapshot:
        """The world at a moment, which is now."""
        return msgspec.structs.replace(
            self.world,
            at=at,
            health=self._unwell(at),
            standings=self.scoreboard.standings,
            spent=self.purse.at(at) if self.world.economics.budget.is_set else {},
            paces=self.paces.means if self.world.economics.hour else {},
        )

    def _unwell(self, at: datetime) -> dict[str, Ailment]:
        found = self.health.ailments()
        return found | self.overrides.ailments(at) if self.overrides.alone else found

    def new_id(self) -> str:
        return decision_id(time.time_ns() // 1_000_000, self.draw())
