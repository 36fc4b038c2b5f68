"""`rolecall premium`, `guarantee` and `stack propose`: whether what is spent is worth it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from rolecall.cli.console import console
from rolecall.cli.ledgers import ledger
from rolecall.cli.options import Config, Json
from rolecall.cli.setup import catalogue, settings_in_force, world
from rolecall.cli.tables import table
from rolecall.config.load import data_folder
from rolecall.config.rules import rules_in_force
from rolecall.errors import ConfigError
from rolecall.gateway.remember import scoreboard
from rolecall.gateway.views import encode
from rolecall.ledger import outcomes
from rolecall.ledger.store import Ledger
from rolecall.measure.forecasts import Errors, errors
from rolecall.measure.premium import NOBODY, Premium, premium
from rolecall.measure.promises import Promise, promises
from rolecall.measure.propose import Advice, Tried, Wish, advice, playing
from rolecall.spoken.figures import dollars
from rolecall.trials.telling.churn import stack_changes
from rolecall.types import Record, Snapshot

stack_app = typer.Typer(
    help="The stack, and what outcomes say of it.", no_args_is_help=True, rich_markup_mode=None
)


def premium_command(
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = 30,
    config: Config = None,
    json: Json = False,
) -> None:
    """List what the strongest class was used for: why, at what cost, and how it turned out."""
    store = ledger(config)
    found = premium(_records(store, days), outcomes.newest(store))
    if json:
        typer.echo(encode(found))
        return
    if not found:
        typer.echo(f"The strongest class was not used in {days} days.")
        return
    columns = ("calls", "cost", "accepted", "failed", "unknown")
    console().print(table(("why", "it is said", "until"), columns, map(_premium_row, found)))
    bare = sum(one.calls for one in found if one.kind == NOBODY)
    typer.echo(f"\n{bare} calls had no justification." if bare else "\nEvery call was justified.")


def _records(store: Ledger, days: int) -> Iterator[Record]:
    """Those of the last days, oldest first."""
    since = datetime.now(UTC) - timedelta(days=days)
    return (one for one in store.all_records() if one.decision.at >= since)


def _premium_row(one: Premium) -> tuple[str, ...]:
    cost = dollars(one.cost) + (f" + {one.unpriced} unpriced" if one.unpriced else "")
    counts = (one.calls, one.accepted, one.failed, one.unknown)
    calls, accepted, failed, unknown = map(str, counts)
    return (one.kind, one.says, one.until, calls, cost, accepted, failed, unknown)


def guarantee(config: Config = None, json: Json = False) -> None:
    """Show what is routed down, what outcomes promise of it, and what was withdrawn."""
    snapshot = _world(config)
    board = scoreboard(ledger(config), snapshot.economics)
    found = promises(snapshot, board.standings)
    if json:
        typer.echo(encode(found))
        return
    if not found:
        typer.echo("No kind of work is routed down: each is played by the class of code, or above.")
        return
    words = ("kind", "plays", "in place of", "state")
    console().print(table(words, ("verified", "failed", "at most", "allowed"), map(_row, found)))
    for one in found:
        if one.state == "unproven":
            says = f"{one.needed} more verified outcomes without a failure would prove it"
            typer.echo(f"{one.kind}: {says}")
        elif one.state == "withdrawn":
            typer.echo(f"{one.kind}: outcomes refute it; {one.instead_of} plays it now")


def _row(one: Promise) -> tuple[str, ...]:
    numbers = (str(one.verified), str(one.failed), f"{one.bound:.0%}", f"{one.allowed:.0%}")
    return (one.kind, one.plays, one.instead_of, one.state, *numbers)


@stack_app.command()
def propose(
    budget: Annotated[
        float | None, typer.Option(min=0, help="USD that a piece of work may cost.")
    ] = None,
    floor: Annotated[
        float | None, typer.Option(min=0, max=1, help="The share that has to be accepted.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say what outcomes speak for: keep, switch, or not enough data, by kind of work."""
    if budget is not None and floor is not None:
        raise ConfigError("--budget and --floor are two questions; ask one of them")
    snapshot = _world(config)
    told = outcomes.newest(ledger(config))
    found = advice(told, playing(snapshot), Wish(budget=budget, floor=floor), snapshot)
    if json:
        typer.echo(encode(found))
    elif not found:
        typer.echo(
            "No verified outcome is known yet; `rolecall outcome` says where they come from."
        )
    for one in [] if json else found:
        _print(one)


@stack_app.command()
def forecasts(
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = 30,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say how far the forecasts of decisions were from what was billed."""
    store = ledger(config)
    found = errors(store.with_worlds(_records(store, days)))
    if json:
        typer.echo(encode(found))
        return
    if not found:
        typer.echo(f"No call of the last {days} days had both a forecast and a bill.")
        return
    columns = ("calls", "median error", "with the output known")
    rows = ((kind, *_off(one)) for kind, one in found.items())
    console().print(table(("forecast of",), columns, rows))


@stack_app.command(name="changes")
def stack_changes_command(config: Config = None, json: Json = False) -> None:
    """List who replaced whom as a role's first, and what spoke for it: else it is churn."""
    found = stack_changes(ledger(config), data_folder())
    if json:
        typer.echo(encode(found))
        return
    if not found:
        typer.echo("Nobody who plays a role first was replaced, as far as decisions tell.")
        return
    rows = ((f"{one.at:%Y-%m-%d}", one.role, one.before, one.after, one.says) for one in found)
    console().print(table(("since", "role", "before", "after", "what spoke for it"), (), rows))
    churn = sum(one.ground == "nothing" for one in found)
    if churn:
        says = "measured nothing; `rolecall trial plan` says what measuring would cost"
        typer.echo(f"\n{churn} of {len(found)} changes {says}")


def _off(one: Errors) -> tuple[str, str, str]:
    return f"{one.calls:,}", f"{one.forecast:.1%}", f"{one.known_output:.1%}"


def _print(one: Advice) -> None:
    choice = " then ".join(one.choice)
    to = f" to {choice}" if one.verdict == "switch" else f" ({choice})" if choice else ""
    typer.echo(f"{one.topic}: {one.verdict}{to}. {one.says}.")
    if one.needed is not None:
        typer.echo(f"about {one.needed} more outcomes of each would settle it")
    if one.tried:
        columns = ("outcomes", "accepted", "95 %", "cost")
        console().print(table(("frontier",), columns, map(_tried_row, one.tried)))
    for name, chance in one.untried.items():
        typer.echo(f"{name}: too few outcomes; {chance:.0%} by public evidence of its class")
    typer.echo("")


def _tried_row(one: Tried) -> tuple[str, ...]:
    within = f"{one.interval.low:.0%} to {one.interval.high:.0%}"
    cost = "unknown" if one.cost is None else f"${one.cost:.3f}"
    return (" then ".join(one.names), str(one.outcomes), f"{one.accepted:.0%}", within, cost)


def _world(config: Config) -> Snapshot:
    known = catalogue()
    settings = settings_in_force(config, known)
    return world(settings, known, rules_in_force(settings))
