"""`rolecall report`: a week for whoever answers for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from rolecall.audit.habits.table import findings
from rolecall.audit.report import Sum
from rolecall.audit.run import history_of, judged
from rolecall.audit.weekly import Past, Weekly, weekly
from rolecall.audit.worth import worth
from rolecall.cli.audit import ask_of, progress
from rolecall.cli.ledgers import ledger
from rolecall.cli.options import Config, Json
from rolecall.errors import ConfigError
from rolecall.gateway.views import encode
from rolecall.ledger import outcomes
from rolecall.measure.premium import Premium, premium
from rolecall.spoken.figures import dollars, plain

_WEEK = timedelta(days=7)
_ROWS = 5


def report(
    week: Annotated[bool, typer.Option("--weekly", help="The last seven days.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Report on a week: spending, what stayed home, whether the dearest paid off, what ends."""
    if not week:
        raise ConfigError("say which report: --weekly")
    found = _weekly(config)
    typer.echo(encode(found) if json else "\n".join(map(plain, _lines(found))))


def _weekly(config: Path | None) -> Weekly:
    until = datetime.now(UTC)
    since = until - _WEEK
    ask = msgspec.structs.replace(ask_of(None, "14d", config), at=until)
    with progress("reading logs") as told:
        scene = judged(history_of(ask, told), ask)
    now = [piece for piece in scene.pieces if piece.at >= since]
    store = ledger(config)
    routed = [one for one in store.all_records() if one.decision.at >= since]
    known = outcomes.newest(store)
    past = Past(
        pieces=now,
        pieces_before=[piece for piece in scene.pieces if piece.at < since],
        routed=routed,
        outcomes=known,
        premium=premium(routed, known),
        habits=findings(msgspec.structs.replace(scene, pieces=now)),
    )
    return weekly(past, scene.known, since, until)


def _lines(found: Weekly) -> Iterator[str]:
    yield f"{found.since:%Y-%m-%d} to {found.until:%Y-%m-%d}"
    yield ""
    change = f", {dollars(found.before)} the week before" if found.before else ""
    yield f"spent        {dollars(found.cost)} at API list prices{change}"
    yield f"repositories {_named(found.by_repository)}"
    yield f"models       {_named(found.by_model)}"
    rules = f" ({', '.join(found.private.rules)})" if found.private.rules else ""
    yield (
        f"private      {found.private.kept:,} requests kept to their zones, "
        f"{found.private.refused:,} refused{rules}"
    )
    yield f"strongest    {_premium(found)}"
    yield f"outcomes     {found.accepted:,} pieces of work accepted, {found.failed:,} failed"
    yield f"ahead        {_ahead(found)}"
    for one in found.habits:
        yield f"habit        {one.title}: {worth(one.money, one.money_is)}; {one.says}"


def _named(sums: Sequence[Sum]) -> str:
    told = [f"{one.name} {dollars(one.cost)}" for one in sums[:_ROWS] if one.cost]
    rest = len([one for one in sums[_ROWS:] if one.cost])
    return ", ".join(told + ([f"{rest} more"] if rest else [])) or "nothing with a known price"


def _premium(found: Weekly) -> str:
    parts = [f"{_cost(found.justified)} justified, {_cost(found.unjustified)} without a reason"]
    if found.premium_elsewhere:
        parts.append(f"{dollars(found.premium_elsewhere)} past rolecall, where nobody asked why")
    return "; ".join(parts)


def _cost(rows: Sequence[Premium]) -> str:
    return dollars(sum((one.cost for one in rows), Decimal(0)))


def _ahead(found: Weekly) -> str:
    return "; ".join(one.says for one in found.retirements) or "nothing in use retires in 60 days"
