"""What a conversation is expected to cost with each deployment, from here on (DESIGN, 7.2).

Prices are per token in floats: these are estimates, in USD. What was billed is `Decimal`.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from rolecall.types import Deployment, Request, Session, Snapshot, Warm

BYTES_PER_TOKEN = 4
"""A rule of thumb for English text and code (OpenAI's help centre: a token is about four
characters). Used until a provider has counted."""
_GROWTH, _WRITTEN = 1500.0, 500.0
"""Tokens that a call adds and writes, until a conversation has shown its own."""
_FEWEST, _MOST = 5, 50
"""Calls that a conversation is expected to go on for; as many as it had, within these."""
_PER_TOKEN = 1e-6


class Meter(Struct, frozen=True):
    """USD per token: read from the cache, read anew, written by the model."""

    cached: float
    fresh: float
    output: float


class Ahead(Struct, frozen=True):
    """What is expected of the rest of a conversation: tokens of the next call, then of each."""

    context: float
    growth: float
    written: float
    calls: float


class Scene(Struct, frozen=True, kw_only=True):
    """What a choice is made in: the request, the world, the conversation and what is expected."""

    request: Request
    snapshot: Snapshot
    session: Session
    rest: Ahead


def scene(request: Request, snapshot: Snapshot, session: Session) -> Scene:
    return Scene(request=request, snapshot=snapshot, session=session, rest=ahead(request, session))


def ahead(request: Request, session: Session) -> Ahead:
    """Sizes from what the provider counted last, scaled by bytes; from bytes alone before that."""
    return Ahead(
        context=tokens_of(request, session),
        growth=session.growth or _GROWTH,
        written=session.written or _WRITTEN,
        calls=float(min(max(session.turns, _FEWEST), _MOST)),
    )


def tokens_of(request: Request, session: Session) -> float:
    """The input of this request in tokens."""
    if not session.tokens or not session.body_bytes:
        return request.body_bytes / BYTES_PER_TOKEN
    new = request.body_bytes - session.body_bytes
    scale = session.tokens / session.body_bytes
    return session.tokens + new * scale


def meter(
    deployment: Deployment, snapshot: Snapshot, session: Session, context: float
) -> Meter | None:
    """None where the price is unknown.

    Where writing to the cache has a price, a client that marks nothing to be cached pays the plain
    price each time. Where it has none, the provider caches by itself.
    """
    rates = deployment.rates
    if rates is None:
        free = not snapshot.providers[deployment.provider].billed
        return Meter(0.0, 0.0, 0.0) if free else None
    if rates.larger:
        rates = next((one for one in reversed(rates.larger) if context > one.above), rates)
    plain, write = float(rates.input) * _PER_TOKEN, rates.cache_write
    output = float(rates.output) * _PER_TOKEN
    if rates.cache_read is None or (write is not None and session.writes is False):
        return Meter(plain, plain, output)
    cached = float(rates.cache_read) * _PER_TOKEN
    return Meter(cached, plain if write is None else float(write) * _PER_TOKEN, output)


def warmth(name: str, snapshot: Snapshot, session: Session) -> float:
    """Tokens of the conversation that a deployment still has cached."""
    found = session.warm.get(name)
    return 0.0 if found is None or is_cold(found, snapshot) else float(found.tokens)


def is_cold(warm: Warm, snapshot: Snapshot) -> bool:
    """A clock that was set back makes nothing colder."""
    return snapshot.at - warm.at > timedelta(seconds=warm.seconds)


class Prospect(Struct, frozen=True):
    """USD for the next `call`, for each later one (`turn`), and above a cached read (`fee`)."""

    call: float
    turn: float
    fee: float


def prospect(prices: Meter, rest: Ahead, warm: float) -> Prospect:
    """C and F of 7.2: later calls read all but their new input from the cache.

    What is not `warm` is read anew now, at a price that is `fee` above that of a cached read.
    """
    context, written = rest.context, rest.written * prices.output
    moving = max(context - warm, 0.0) * (prices.fresh - prices.cached)
    read = context * prices.cached
    return Prospect(read + moving + written, read + rest.growth * prices.fresh + written, moving)


def millionths(amount: float) -> float:
    """To six digits behind the point: what is kept is short. Half the time of `round`."""
    return int(amount * 1e6 + 0.5) / 1e6


def breaks_even(fee_more: float, here: float, there: float) -> float | None:
    """n* of 7.2: the calls after which moving has paid; None where it never does.

    `fee_more` is what reading anew costs there beyond what it costs here, where it may be cold too.
    """
    saved = here - there
    return max(fee_more, 0.0) / saved if saved > 0 else None
