"""`rolecall privacy`: what a text would trigger, what was kept home, and what may go again."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from rolecall.cli.console import console
from rolecall.cli.ledgers import ledger
from rolecall.cli.options import Config, Json
from rolecall.cli.setup import policy_of, settings_offline
from rolecall.cli.tables import table
from rolecall.config.private import privacy
from rolecall.errors import ConfigError, LedgerError
from rolecall.gateway.views import encode
from rolecall.ledger import taints
from rolecall.ledger.taints import Taint
from rolecall.privacy.policy import NOTHING, Circumstances
from rolecall.privacy.unfold import unfold
from rolecall.spoken.figures import plain
from rolecall.types import Record

privacy_app = typer.Typer(help="What stays at home, and why.", no_args_is_help=True)


@privacy_app.command(name="test")
def try_text(
    file: Annotated[Path | None, typer.Argument(help="The text to look at.")] = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read it from standard input.")] = False,
    workspace: Annotated[str | None, typer.Option(help="As if sent from this one.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say which rule a text would trigger, and where. Nothing is sent and nothing is recorded."""
    if (file is None) == (not stdin):
        raise ConfigError("give a file or --stdin, and not both")
    policy = policy_of(privacy(settings_offline(config)))
    text = _text(file)
    found = reduce(or_, (one.found for one in policy.look(_readings(text))), NOTHING)
    limits = policy.limits(Circumstances(workspace=workspace), found)
    places = list(policy.places(text))
    if json:
        typer.echo(encode({"limits": limits, "places": places}))
        return
    if not limits:
        typer.echo("No rule holds: it may go where the stack sends it.")
    for limit in limits:
        typer.echo(f"{limit.rule}: stays in {' or '.join(limit.zones)}, because {limit.says}")
    for place in places:
        typer.echo(f"  line {place.line}, column {place.column}: {place.what}")


def _readings(text: str) -> bytes:
    return unfold([msgspec.Raw(msgspec.json.encode(text))]).text


def _text(file: Path | None) -> str:
    if file is None:
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error


@privacy_app.command()
def report(config: Config = None, json: Json = False) -> None:
    """List per workspace what was kept home, by which rule, and what was refused."""
    store = ledger(config)
    counts = Counter(line for record in store.all_records() for line in _lines(record))
    staying = taints.in_force(store)
    if json:
        rows = [
            dict(zip(_COLUMNS, key, strict=True)) | {"requests": n} for key, n in counts.items()
        ]
        typer.echo(encode({"kept": rows, "sessions": staying}))
        return
    if not counts and not staying:
        typer.echo("Nothing was kept home so far. Rules stand in [[privacy.rules]].")
        return
    console().print(_table(counts))
    typer.echo(f"\n{len({t.session or t.key for t in staying})} sessions stay private:")
    for line in dict.fromkeys(_staying(taint) for taint in staying):
        typer.echo(f"  {line}")


def _staying(taint: Taint) -> str:
    name = taint.session or taint.key.partition(":")[2]
    return f"{plain(name)}  {taint.limit.rule}  since {taint.since:%Y-%m-%d %H:%M} UTC"


_COLUMNS = ("workspace", "rule", "zone", "outcome")


def _lines(record: Record) -> Iterator[tuple[str, ...]]:
    """What became of a request that rules asked something of."""
    request, asked = record.request, record.decision.limits
    outcome = "answered" if record.status < 400 else "refused"
    for limit in (asked or request.lifted)[:1]:
        zones = " or ".join(limit.zones)
        yield request.workspace or "none", limit.rule, zones, outcome if asked else "redacted"


def _table(counts: Counter[tuple[str, ...]]) -> Table:
    rows = ((*key, f"{number:,}") for key, number in sorted(counts.items()))
    return table(_COLUMNS, ("requests",), rows)


@privacy_app.command()
def clear(
    session: Annotated[str, typer.Argument(help="As `rolecall privacy report` lists it.")],
    why: Annotated[str, typer.Option("--why", help="Kept with what is cleared.")],
    config: Config = None,
) -> None:
    """Let a session go out again. A request that still holds what is private stays all the same."""
    keys: list[Any] = taints.clear(ledger(config), session, why, datetime.now(UTC))
    if not keys:
        raise LedgerError(f"no session {session!r} stays private; `rolecall privacy report` lists")
    typer.echo(f"{session} is cleared; what it sends next is looked at as if it were new")
