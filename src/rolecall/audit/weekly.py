"""A week for a team lead: what was spent, what stayed at home, whether the dearest paid off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from rolecall.audit.habits.finding import Finding
from rolecall.audit.pieces import Piece
from rolecall.audit.report import Sum, sums
from rolecall.config.known import Known
from rolecall.config.notices import Notice, of_stack
from rolecall.measure.premium import NOBODY, Premium, best
from rolecall.types import Outcome, Record

_AHEAD = 60
"""Days ahead in which retirements are told."""


class Private(Struct, frozen=True, kw_only=True):
    """Requests that a rule of privacy kept: answered within its zones, or refused."""

    kept: int = 0
    refused: int = 0
    rules: tuple[str, ...] = ()


class Weekly(Struct, frozen=True, kw_only=True):
    """A week. `before` is the spending of the one before, in USD.

    `justified` and `unjustified` are of the strongest class, as far as rolecall routed it;
    `premium_elsewhere` is what clients spent on that class without it.
    """

    since: datetime
    until: datetime
    cost: Decimal
    before: Decimal
    by_repository: tuple[Sum, ...]
    by_model: tuple[Sum, ...]
    private: Private
    justified: tuple[Premium, ...]
    unjustified: tuple[Premium, ...]
    premium_elsewhere: Decimal
    accepted: int
    failed: int
    retirements: tuple[Notice, ...]
    habits: tuple[Finding, ...]


class Past(Struct, frozen=True, kw_only=True):
    """What a week is told from. `routed` are the ledger's records of the week."""

    pieces: Sequence[Piece]
    pieces_before: Sequence[Piece]
    routed: Sequence[Record]
    outcomes: Sequence[Outcome]
    premium: Sequence[Premium]
    habits: Sequence[Finding]


def weekly(past: Past, known: Known, since: datetime, until: datetime) -> Weekly:
    """The report on a week."""
    verdicts = [one for one in best(past.outcomes).values() if one.at >= since]
    names = sorted({piece.served.name for piece in past.pieces})
    return Weekly(
        since=since,
        until=until,
        cost=_cost(past.pieces),
        before=_cost(past.pieces_before),
        by_repository=sums(past.pieces, lambda piece: piece.thread.workspace or "unknown"),
        by_model=sums(past.pieces, lambda piece: piece.served.name),
        private=_private(past.routed),
        justified=tuple(one for one in past.premium if one.kind != NOBODY),
        unjustified=tuple(one for one in past.premium if one.kind == NOBODY),
        premium_elsewhere=_cost(
            one
            for one in past.pieces
            if one.model_class == "frontier" and one.bills[0].call.role is None
        ),
        accepted=sum(one.accepted for one in verdicts),
        failed=sum(not one.accepted for one in verdicts),
        retirements=tuple(of_stack(names, known, until, _AHEAD)),
        habits=tuple(past.habits),
    )


def _cost(pieces: Iterable[Piece]) -> Decimal:
    return sum((piece.cost for piece in pieces), Decimal(0))


def _private(records: Iterable[Record]) -> Private:
    met = [one for one in records if one.request.limits]
    refused = [one for one in met if one.decision.chosen is None]
    rules = sorted({limit.rule for one in met for limit in one.request.limits})
    return Private(kept=len(met) - len(refused), refused=len(refused), rules=tuple(rules))
