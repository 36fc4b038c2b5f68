"""`rolecall classify`: what kind of work this is, who would play it, and how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from rolecall.cli.ledgers import ledger
from rolecall.cli.options import Config, Json
from rolecall.cli.print_classified import print_classified
from rolecall.cli.prompts import Item, items, take
from rolecall.cli.records import find
from rolecall.cli.setup import catalogue, settings_offline, world
from rolecall.config.rules import rules_in_force
from rolecall.errors import BodyError, ConfigError
from rolecall.gateway.views import encode
from rolecall.routing.decide import decide
from rolecall.routing.signals import Recogniser, recogniser
from rolecall.types import Decision, Ground, Kind, Opinion, Request, Role, Session, Snapshot

_BEGINNING = 120
"""Characters of a prompt that are repeated."""


class Classified(Struct, frozen=True, kw_only=True):
    """What was recognised. `kind` is the likeliest one, `sure` says whether it was followed.

    `confidence` is that of the deciding signal, None where the default role plays.
    """

    source: str
    line: int | None = None
    id: str | None = None
    kind: Kind | None = None
    role: Role | None = None
    confidence: float | None = None
    sure: bool = False
    ground: Ground | None = None
    signal: str | None = None
    says: str | None = None
    runner_up: Opinion | None = None
    kinds: dict[Kind, float] = {}
    client: str | None = None
    work: str | None = None
    wrong: str | None = None
    beginning: str = ""
    """Of the prompt, on one line."""


def classify(
    what: Annotated[
        list[str] | None,
        typer.Argument(help="A prompt, a file of prompts or requests, or - for standard input."),
    ] = None,
    record: Annotated[str | None, typer.Option(help="A recorded decision's id, or `last`.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Recognise the kind of work and its role, say how sure that is and what decided it."""
    found = _classified(what or [], record, config)
    if json:
        one = len(found) == 1 and found[0].source in {"argument", "ledger"}
        typer.echo(encode(found[0] if one else found))
    else:
        print_classified(found)
    raise typer.Exit(1 if any(one.wrong for one in found) else 0)


def _classified(what: list[str], record: str | None, config: Path | None) -> list[Classified]:
    if record is not None:
        return [_of_record(record, config)]
    if not what:
        raise ConfigError("say what to classify: a prompt, a file, - or --record ID")
    settings = settings_offline(config)
    book = rules_in_force(settings)
    snapshot, by = world(settings, catalogue(), book), recogniser(book)
    return [_of_item(item, snapshot, by) for given in what for item in items(given)]


def _of_item(item: Item, snapshot: Snapshot, by: Recogniser) -> Classified:
    try:
        taken = take(item, by)
    except BodyError as error:
        return Classified(source=item.source, line=item.line, id=item.id, wrong=str(error))
    decision = decide(taken.request, snapshot, Session(key=taken.thread), id="not-recorded")
    return _of(item, taken.request, decision)


def _of_record(name: str, config: Path | None) -> Classified:
    record = find(ledger(config), name)
    item = Item(source="ledger", id=record.decision.id)
    return _of(item, record.request, record.decision)


def _of(item: Item, request: Request, decision: Decision) -> Classified:
    signals, reason = request.signals, decision.reason
    return Classified(
        source=item.source,
        line=item.line,
        id=item.id,
        kind=decision.kind or next(iter(signals.kinds), None),
        role=decision.role,
        confidence=reason.confidence,
        sure=reason.ground != "default",
        ground=reason.ground,
        signal=reason.rule,
        says=reason.says,
        runner_up=reason.runner_up,
        kinds=signals.kinds,
        client=signals.client or signals.agent,
        work=signals.work,
        beginning=" ".join(item.text[:_BEGINNING].split()),
    )
