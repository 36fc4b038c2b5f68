"""`rolecall route`: decide without sending."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from rolecall.cli.options import Config, Json
from rolecall.cli.setup import catalogue, settings_in_force, world
from rolecall.config.notices import remarks
from rolecall.config.rules import rules_in_force
from rolecall.errors import ConfigError
from rolecall.gateway.intake import Taken, understand
from rolecall.gateway.paths import Target
from rolecall.gateway.views import encode
from rolecall.routing.decide import decide
from rolecall.routing.roles import AUTO
from rolecall.routing.signals import Recogniser, recogniser
from rolecall.spoken.why import because, decision_lines
from rolecall.types import MAIN_DIALECTS, Dialect, Session


def route(
    text: Annotated[str, typer.Argument(help="What you would ask for.")],
    model: Annotated[str, typer.Option(help="The model a client would name.")] = AUTO,
    role: Annotated[str | None, typer.Option(help="Ask for a role outright.")] = None,
    dialect: Annotated[str, typer.Option(help="The API the client speaks.")] = "openai.chat",
    config: Config = None,
    json: Json = False,
) -> None:
    """Say who would play a request, and why. Nothing is sent and nothing is recorded."""
    known = catalogue()
    settings = settings_in_force(config, known)
    book = rules_in_force(settings)
    snapshot = world(settings, known, book)
    taken = _as_client(text, model, role, _dialect(dialect), recogniser(book))
    session = Session(key=taken.thread)
    decision = decide(taken.request, snapshot, session, id="not-recorded")
    if json:
        typer.echo(encode({"request": taken.request, "decision": decision}))
        return
    typer.echo(f"{because(decision)}\n")
    names = [candidate.deployment for candidate in decision.cascade]
    told = remarks(names, known, settings.catalogue, snapshot.at)
    typer.echo("\n".join(decision_lines(decision, told)))


def _dialect(text: str) -> Dialect:
    for dialect in MAIN_DIALECTS:
        if dialect == text:
            return dialect
    raise ConfigError(f"--dialect {text!r} is not one of {', '.join(MAIN_DIALECTS)}")


def _as_client(text: str, model: str, role: str | None, dialect: Dialect, by: Recogniser) -> Taken:
    """The request that a plain client would send."""
    said = [{"role": "user", "content": text}]
    key = "input" if dialect == "openai.responses" else "messages"
    body = msgspec.json.encode({"model": model, key: said})
    headers = {} if role is None else {"x-rolecall-role": role}
    return understand(Target(dialect), None, headers, body, by)
