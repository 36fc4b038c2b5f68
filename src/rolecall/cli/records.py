"""`rolecall log`, `why` and `replay`: what was recorded."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from rolecall.cli.console import console
from rolecall.cli.ledgers import ledger
from rolecall.cli.options import Config, Json
from rolecall.cli.print_log import log_table
from rolecall.cli.setup import catalogue, settings_offline
from rolecall.config.known import Known
from rolecall.config.notices import remarks
from rolecall.errors import LedgerError
from rolecall.gateway.views import decision_view, encode, summary_view
from rolecall.ledger import outcomes
from rolecall.ledger.store import Ledger
from rolecall.routing.costs import pricing
from rolecall.routing.decide import LOGIC
from rolecall.routing.explain import redecide
from rolecall.routing.progress import work_of
from rolecall.spoken.why import why_text
from rolecall.types import Record


def log(
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20,
    config: Config = None,
    json: Json = False,
) -> None:
    """List the newest decisions: when, which client, what work, who played it, what it cost."""
    records = ledger(config).newest(limit)
    if json:
        typer.echo(encode([summary_view(record) for record in records]))
    elif records:
        console().print(log_table(records))
    else:
        typer.echo("Nothing is recorded yet. Start `rolecall up` and point a client at it.")


def why(
    decision: Annotated[
        str, typer.Argument(metavar="ID", help="An id or its beginning, or `last`.")
    ] = "last",
    config: Config = None,
    json: Json = False,
) -> None:
    """Tell the reason of one decision: signals, justification, costs, and what would flip it."""
    store = ledger(config)
    record = find(store, decision)
    snapshot = store.snapshot(record.decision.snapshot)
    if json:
        typer.echo(encode(decision_view(record, snapshot, outcomes.of(store, work_of(record)))))
    else:
        known = catalogue()
        price = pricing(known.prices, snapshot)
        told = _remarks(record, known, config)
        typer.echo(why_text(record, snapshot, price, outcomes.of(store, work_of(record)), told))


def _remarks(record: Record, known: Known, config: Path | None) -> list[str]:
    """What was to be said of the cascade when the decision was taken."""
    names = [candidate.deployment for candidate in record.decision.cascade]
    return remarks(names, known, settings_offline(config).catalogue, record.decision.at)


def replay(config: Config = None, json: Json = False) -> None:
    """Decide every recorded request again and report those that come out differently."""
    store = ledger(config)
    differing: list[str] = []
    counts: Counter[str] = Counter()
    for record, world in store.with_worlds(store.all_records()):
        if world.logic != LOGIC:
            counts["older"] += 1
            continue
        counts["replayed"] += 1
        if redecide(record, world) != record.decision:
            differing.append(record.decision.id)
    replayed, older = counts["replayed"], counts["older"]
    if json:
        typer.echo(encode({"replayed": replayed, "older": older, "differing": differing}))
    else:
        typer.echo(f"{replayed} decisions replayed, {len(differing)} differ")
        if older:
            typer.echo(f"{older} were taken by another version of rolecall and are left alone")
        for found in differing:
            typer.echo(f"  {found}")
    raise typer.Exit(1 if differing else 0)


def find(store: Ledger, text: str) -> Record:
    found = store.newest(1) if text == "last" else store.find(text)
    if len(found) == 1:
        return found[0]
    if found:
        raise LedgerError(f"several decisions begin with {text!r}; give more of the id")
    raise LedgerError(f"no decision {text!r} in {store.path}; `rolecall log` lists them")
