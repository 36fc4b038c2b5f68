"""`rolecall doctor`: what is there, what is missing, what to do."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from typing import Annotated, Literal

import typer
from msgspec import Struct
from rich.table import Table

from rolecall.cli.clients_seen import outgrown, unknown_clients
from rolecall.cli.console import console
from rolecall.cli.options import Config, Json
from rolecall.cli.probe import probed
from rolecall.cli.setup import catalogue, engines_found, ledger_path, settings_in_force, world
from rolecall.config.build import keys
from rolecall.config.known import Known
from rolecall.config.load import environment
from rolecall.config.notices import of_stack, outdated
from rolecall.config.propose import hosted, uses_embedded
from rolecall.config.rules import rules_in_force
from rolecall.config.settings import Settings
from rolecall.engines import embedded
from rolecall.errors import RolecallError
from rolecall.gateway.views import encode
from rolecall.ledger.store import Ledger, open_ledger
from rolecall.routing.rules import RuleBook
from rolecall.types import Snapshot

PROGRAMS = {
    "claude-code": "claude",
    "codex": "codex",
    "opencode": "opencode",
    "mistral-vibe": "vibe",
    "aider": "aider",
    "gemini-cli": "gemini",
    "continue": "cn",
    "pi": "pi",
}


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at. `mend` says what to do where it is not well."""

    about: str
    state: Literal["ok", "missing", "wrong"]
    says: str
    mend: str | None = None


Probe = Annotated[
    bool,
    typer.Option("--probe", help="Ask each provider for a word in each dialect; costs tokens."),
]


def doctor(config: Config = None, json: Json = False, probe: Probe = False) -> None:
    """Check configuration, keys (presence only), engines, clients and ledger."""
    findings = [*_examine(config), *(_dialects(config) if probe else ())]
    if json:
        typer.echo(encode(findings))
    else:
        _print(findings)
    raise typer.Exit(2 if any(f.state == "wrong" for f in findings) else 0)


def _examine(config: Config) -> Iterator[Finding]:
    known = catalogue()
    try:
        settings = settings_in_force(config, known)
        book = rules_in_force(settings)
        snapshot = world(settings, known, book)
        yield Finding(about="configuration", state="ok", says=f"stack from {settings.source}")
        keys(settings, snapshot, environment())
    except RolecallError as error:
        yield Finding(about="configuration", state="wrong", says="cannot be used", mend=str(error))
    else:
        yield from _endings(settings, snapshot, known)
        yield from _ages(settings, snapshot, known)
        yield from _ledger(settings, book)
        yield from _embedded(settings)
    yield from _keys(known)
    yield from _engines(known)
    yield from _clients()


def _dialects(config: Config) -> Iterator[Finding]:
    """Whether each provider speaks what it is said to speak."""
    known = catalogue()
    try:
        settings = settings_in_force(config, known)
        snapshot = world(settings, known, rules_in_force(settings))
        found = asyncio.run(probed(snapshot, keys(settings, snapshot, environment())))
    except RolecallError:
        return  # said above, with the mend
    for (name, dialect), wrong in found.items():
        about = f"probe {name}"
        if wrong is None:
            yield Finding(about=about, state="ok", says=f"speaks {dialect}")
        else:
            provider = name.partition("/")[0]
            mend = f"leave it out of dialects in [providers.{provider}]"
            says = f"does not speak {dialect}: {wrong}"
            yield Finding(about=about, state="wrong", says=says, mend=mend)


def _endings(settings: Settings, snapshot: Snapshot, known: Known) -> Iterator[Finding]:
    """What the stack uses and will soon be gone, or is."""
    within = settings.catalogue.notice_days
    for notice in of_stack(snapshot.deployments, known, snapshot.at, within):
        followed = settings.routing.on_retired == "successor"
        gone = notice.days <= 0 and not followed
        yield Finding(
            about=f"model {notice.id}",
            state="wrong" if gone else "missing",
            says=notice.says,
            mend="`rolecall migrate` shows the edit",
        )


def _ages(settings: Settings, snapshot: Snapshot, known: Known) -> Iterator[Finding]:
    """Facts that are too old, and a clock that cannot be right."""
    patience, at = settings.catalogue.patience, snapshot.at
    for name, days in outdated(snapshot.deployments, known, patience, at):
        says, mend = f"facts are {days} days old", "`rolecall catalogue refresh` asks anew"
        yield Finding(about=f"facts {name}", state="missing", says=says, mend=mend)
    newest = max(source.dated for source in known.facts.sources.values())
    if at.date() < newest:
        says = f"says {at.date()}, and the catalogue speaks of {newest}"
        yield Finding(about="clock", state="wrong", says=says, mend="set this machine's clock")


def _ledger(settings: Settings, book: RuleBook) -> Iterator[Finding]:
    path = ledger_path(settings)
    try:
        ledger = open_ledger(path)
    except RolecallError as error:
        yield Finding(about="ledger", state="wrong", says=str(path), mend=str(error))
        return
    yield Finding(about="ledger", state="ok", says=f"{path}, {ledger.count():,} decisions")
    yield from _clients_seen(ledger, book)
    ledger.close()


def _clients_seen(ledger: Ledger, book: RuleBook) -> Iterator[Finding]:
    """Clients that the rules do not know, or know in an older version only."""
    for client in unknown_clients(ledger.newest_of_unknown_clients(_LOOKED_AT)):
        mend = "docs/recognition.md says how to describe it"
        about = f"unknown {client.name}"
        yield Finding(about=about, state="missing", says=client.told(), mend=mend)
    for name, version in outgrown(ledger.newest(_LOOKED_AT), book.clients).items():
        says = f"{version} was seen; its rules were written for {book.clients[name].seen}"
        mend = "if its titles or sub-agents play `code`, `rolecall log` shows them"
        yield Finding(about=f"rules {name}", state="missing", says=says, mend=mend)


_LOOKED_AT = 1_000
"""Records, the newest, that tell which clients are in use."""


def _embedded(settings: Settings) -> Iterator[Finding]:
    lacking = embedded.missing()
    if lacking is None:
        yield Finding(about="embedded engine", state="ok", says="installed")
        return
    state: Literal["wrong", "missing"] = "wrong" if uses_embedded(settings) else "missing"
    yield Finding(about="embedded engine", state=state, says="not installed", mend=lacking)


def _keys(known: Known) -> Iterator[Finding]:
    there = {preset.name for preset in hosted(known.presets, environment())}
    for name, preset in known.presets.items():
        variables = " or ".join(preset.key_env)
        if name in there:
            yield Finding(about=f"key {name}", state="ok", says=f"{variables} is set")
        else:
            mend = f"export {preset.key_env[0]} to use it"
            yield Finding(about=f"key {name}", state="missing", says="no key", mend=mend)


def _engines(known: Known) -> Iterator[Finding]:
    for found in engines_found(known):
        models = ", ".join(found.models) or "no model"
        says = f"{models}; {found.note}" if found.note else models
        state: Literal["ok", "missing"] = "ok" if found.models else "missing"
        yield Finding(about=f"engine {found.name}", state=state, says=says)


def _clients() -> Iterator[Finding]:
    for client, program in PROGRAMS.items():
        where = shutil.which(program)
        if where:
            yield Finding(about=f"client {client}", state="ok", says=where)


def _print(findings: list[Finding]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    for finding in findings:
        says = f"{finding.says}: {finding.mend}" if finding.mend else finding.says
        table.add_row(finding.about, finding.state, says)
    console().print(table)
