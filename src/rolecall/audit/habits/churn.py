"""Models that change without a measured difference, and caches that are lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from rolecall.audit.habits.finding import Change, Finding, Scene, connecting, shown
from rolecall.audit.pieces import HARNESS, Bill, Piece
from rolecall.audit.tariffs import Served
from rolecall.measure.binomial import Interval, wilson

_LEAST = 3
_SMALL = 4096
"""Tokens of a conversation below which nothing is worth keeping."""
_LOST = 0.5
"""The share of the conversation that has to be read from the cache, else it counts as lost."""
_CUT = 0.7
"""A conversation that shrinks below this share of what it was has been compacted."""
_MILLION = Decimal(1_000_000)


class Step(Struct, frozen=True, kw_only=True):
    """Two calls of one conversation, one after the other, and the pieces they belong to."""

    piece: Piece
    before: Bill
    now: Bill
    other: Piece
    """The piece of the call before."""

    @property
    def rested(self) -> timedelta:
        return self.now.call.at - self.before.call.at

    @property
    def is_cold(self) -> bool:
        """Whether the cache had gone cold by then, whoever answered."""
        return self.rested.total_seconds() > self.before.served.cache_seconds

    @property
    def lost(self) -> int:
        """Tokens of the conversation before that were read anew."""
        counts = self.now.call.counts
        known = min(self.before.call.counts.input, counts.input)
        return max(known - counts.read, 0)


Pair = tuple[Piece, Bill, Piece, Bill]
"""A call with its piece, and the next one with its own."""


def pairs_of(pieces: Sequence[Piece], *, same: bool) -> Iterator[Pair]:
    """Neighbouring calls of each conversation, with the `same` model or with two.

    What the harness asks for is none of them.
    """
    main = ((one, bill) for one in pieces if one.work not in HARNESS for bill in one.bills)
    for (one, before), (other, now) in pairwise(main):
        if (before.served is now.served) is not same or one.thread is not other.thread:
            continue
        if not one.thread.untimed and not now.call.lump:
            yield one, before, other, now


def step_of(pair: Pair) -> Step:
    other, before, piece, now = pair
    return Step(piece=piece, before=before, now=now, other=other)


def is_cut(before: Bill, now: Bill) -> bool:
    return now.call.counts.input < _CUT * before.call.counts.input


def paid(served: Served, tokens: int, at: datetime) -> Decimal:
    """USD for reading tokens anew, above what a cached read costs; none where that is unknown."""
    rates = served.rates(at)
    if rates is None or rates.cache_read is None:
        return Decimal(0)
    fresh = rates.input if rates.cache_write is None else rates.cache_write
    return max(fresh - rates.cache_read, Decimal(0)) * tokens / _MILLION


def churn(scene: Scene) -> Finding | None:
    """Changes of model within a conversation that nothing explains.

    A verified failure explains one, and a cache that had gone cold, a compaction, another role by
    the words or mode of the turn; what rolecall itself decided has its boundary.
    """
    changes = list(map(step_of, pairs_of(scene.pieces, same=False)))
    bare = [one for one in changes if not _explained(one)]
    if len(bare) < _LEAST:
        return None
    pairs = {(one.before.served.name, one.now.served.name) for one in bare}
    shown_better = {pair for pair in pairs if _differs(pair, scene.pieces)}
    bare = [
        one for one in bare if (one.before.served.name, one.now.served.name) not in shown_better
    ]
    if len(bare) < _LEAST:
        return None
    priced = [(one, paid(one.now.served, one.lost, one.now.call.at)) for one in bare]
    seen, sessions = shown((one.piece, money, _says(one)) for one, money in priced)
    return Finding(
        id="churn",
        title="models changed without a measured difference",
        says=(
            f"{len(bare)} of {len(changes)} changes within a conversation have no reason that "
            "shows, and no outcome tells the models apart"
        ),
        count=len(bare),
        of=len(changes),
        money=sum((money for _, money in priced), Decimal(0)),
        money_is="lost",
        confidence=1.0,
        sure="the logs name both models; why somebody changed is not in them",
        seen=seen,
        sessions=sessions,
        change=Change(
            says="let rolecall change models, at boundaries alone: set the client to rolecall/auto",
            command=connecting(bare[0].piece.thread.client),
        ),
    )


def _explained(step: Step) -> bool:
    before, now = step.other, step.piece
    decided = step.now.call.role is not None
    cut = is_cut(step.before, step.now)
    other_work = before.role != now.role and max(before.chance, now.chance) > 0
    failed = before.turn.failed and before.number < now.number
    return decided or step.is_cold or cut or other_work or failed


def _differs(pair: tuple[str, str], pieces: Sequence[Piece]) -> bool:
    """Whether verified outcomes tell two models apart: their intervals (95 %) do not touch."""
    first, second = (_fared(name, pieces) for name in pair)
    return first.high < second.low or second.high < first.low


def _fared(name: str, pieces: Sequence[Piece]) -> Interval:
    own = [one.turn for one in pieces if one.work == "turn" and one.served.name == name]
    won, lost = sum(one.succeeded for one in own), sum(one.failed for one in own)
    return wilson(won, won + lost)


def _says(step: Step) -> str:
    return f"{step.before.served.name} to {step.now.served.name}, {step.lost:,} tokens read anew"


def caches(scene: Scene) -> Finding | None:
    """Calls that read a conversation anew although the same model had just read it.

    It counts where at least half of a conversation of some size was not read from the cache, within
    the time that the provider keeps it. What is lost by longer rests is told beside it.
    """
    pairs = pairs_of(scene.pieces, same=True)
    same = [one for one in pairs if _keeps(one[1]) and not is_cut(one[1], one[3])]
    lost = [step_of(one) for one in same if _is_lost(one[1], one[3])]
    warm = [one for one in lost if not one.is_cold]
    priced = [(one, paid(one.now.served, one.lost, one.now.call.at)) for one in warm]
    money = sum((amount for _, amount in priced), Decimal(0))
    if len(warm) < _LEAST or not money:
        return None
    rests = [one for one in lost if one.is_cold]
    cold = sum((paid(one.now.served, one.lost, one.now.call.at) for one in rests), Decimal(0))
    seen, sessions = shown((one.piece, amount, _loss(one)) for one, amount in priced)
    return Finding(
        id="caches-lost",
        title="prompt caches lost",
        says=(
            f"{len(warm)} of {len(same)} calls read anew what had just been read; "
            f"{len(rests)} more after rests longer than a cache lives (${cold:.2f})"
        ),
        count=len(warm),
        of=len(same),
        money=money,
        money_is="lost",
        confidence=1.0,
        sure="counted by the provider; why the cache was missed is not in the logs",
        seen=seen,
        sessions=sessions,
    )


def _keeps(bill: Bill) -> bool:
    """Whether there was something to keep, and a provider that says what it kept."""
    counts = bill.call.counts
    return counts.input >= _SMALL and (counts.read or counts.write) > 0 and bill.served.caches


def _is_lost(before: Bill, now: Bill) -> bool:
    return now.call.counts.read < _LOST * before.call.counts.input


def _loss(step: Step) -> str:
    return f"{step.lost:,} tokens read anew after {step.rested.total_seconds():,.0f} s"
