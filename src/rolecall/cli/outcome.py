"""`rolecall outcome`: what became of the work, said by a person, a tool or the repository."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from rolecall.cli import commits as git
from rolecall.cli.console import console
from rolecall.cli.ledgers import ledger
from rolecall.cli.options import Config, Json
from rolecall.cli.records import find
from rolecall.cli.setup import settings_offline
from rolecall.cli.tables import table
from rolecall.config.edits import Edit, diff, make
from rolecall.config.load import data_folder
from rolecall.errors import ConfigError, LedgerError
from rolecall.gateway.views import encode
from rolecall.ledger import commits, outcomes
from rolecall.ledger.commits import Commit
from rolecall.ledger.store import Ledger
from rolecall.routing.progress import reported
from rolecall.spoken.figures import dollars
from rolecall.types import How, Outcome, Record

outcome_app = typer.Typer(
    help="Say or show what became of the work.", no_args_is_help=True, rich_markup_mode=None
)
_HOOK = "post-commit"
_LINE = "rolecall outcome commit >/dev/null 2>&1 || true"
_RECENT = timedelta(hours=8)


@outcome_app.command(name="list")
def listed(
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20,
    config: Config = None,
    json: Json = False,
) -> None:
    """List what is known of finished work, and how it is known."""
    found = outcomes.newest(ledger(config), limit)[::-1]
    if json:
        typer.echo(encode(found))
    elif found:
        columns = ("decision", "topic", "deployment", "verdict", "known by", "says")
        console().print(table(columns, ("calls", "cost"), map(_row, found)))
    else:
        typer.echo("No outcome is known yet. They are read from test runs, edits and objections.")


def _row(one: Outcome) -> tuple[str, ...]:
    verdict = "accepted" if one.accepted else "failed"
    cost = "" if one.cost is None else dollars(one.cost)
    words = (one.decision, one.topic, one.deployment, verdict, one.how, one.says)
    return (*words, str(one.calls), cost)


@outcome_app.command()
def report(
    decision: Annotated[str, typer.Argument(metavar="ID", help="An id or its beginning.")],
    accepted: Annotated[bool, typer.Option("--accepted/--failed", help="What became of it.")],
    why: Annotated[str, typer.Option("--why", help="How you know.")] = "said on the command line",
    config: Config = None,
) -> None:
    """Say that the work which began with a decision was accepted, or failed."""
    store = ledger(config)
    record = find(store, decision)
    _keep(store, record, "tool", why, accepted=accepted)
    verdict = "accepted" if accepted else "failed"
    typer.echo(f"{record.decision.id} is recorded as {verdict}: {why}")


def _keep(store: Ledger, record: Record, how: How, says: str, *, accepted: bool) -> None:
    known = outcomes.of(store, record.decision.id)
    now = datetime.now(UTC)
    found = reported(record, known, how=how, accepted=accepted, says=says, at=now)
    if found is None:
        raise LedgerError(f"nobody answered {record.decision.id}; there is no work to judge")
    outcomes.keep(store, [found])


@outcome_app.command()
def hook(
    repository: Annotated[Path, typer.Argument(help="A git repository.")] = Path(),
) -> None:
    """Have git tell of each commit here, so that it can be seen later whether it was kept."""
    file = git.hooks(git.top(repository)) / _HOOK
    before = file.read_text(encoding="utf-8") if file.is_file() else None
    if before is not None and _LINE in before:
        typer.echo(f"{file} tells of commits already")
        return
    start = before if before is not None else "#!/bin/sh\n"
    ending = "" if start.endswith("\n") else "\n"
    edit = Edit(path=file, before=before, after=f"{start}{ending}{_LINE}\n")
    for line in diff(edit):
        typer.echo(line)
    make([edit], data_folder(), datetime.now(UTC))
    file.chmod(0o755)


@outcome_app.command()
def commit(
    repository: Annotated[Path, typer.Argument(help="A git repository.")] = Path(),
    config: Config = None,
) -> None:
    """Note the newest commit with the work that it holds; the git hook calls this."""
    store = ledger(config)
    place = git.top(repository)
    sha = git.head(place)
    record = _work_in(store, place, config)
    if record is None:
        typer.echo(f"no work of the last {_RECENT.seconds // 3600} hours belongs to {place}")
        return
    work = record.session.turn.decision if record.session.turn else record.decision.id
    made = Commit(sha=sha, repository=str(place), decision=work, at=datetime.now(UTC))
    commits.keep(store, made)
    typer.echo(f"{sha[:12]} holds the work of {work}")


def _work_in(store: Ledger, repository: Path, config: Path | None) -> Record | None:
    """The newest work with tools that belongs to a repository.

    Where its folder is a workspace, only what comes from there; else what names no workspace.
    """
    spaces = settings_offline(config).workspaces
    name = next((n for n, one in spaces.items() if Path(one.path) == repository), None)
    since = datetime.now(UTC) - _RECENT
    for record in store.newest(200):
        if record.decision.at < since:
            return None
        request = record.request
        if request.workspace == name and request.tools and request.signals.work in _WORK:
            return record
    return None


_WORK = ("turn", "continuation")


@outcome_app.command()
def kept(
    days: Annotated[int, typer.Option(min=0, help="How old a commit has to be.")] = 7,
    config: Config = None,
) -> None:
    """See which noted commits still stand after some days, and record that as an outcome."""
    store = ledger(config)
    now = datetime.now(UTC)
    for one in commits.waiting(store, now - timedelta(days=days)):
        try:
            found = git.kept(Path(one.repository), one.sha)
        except ConfigError as error:
            typer.echo(f"{one.sha[:12]}: {error}", err=True)
            continue
        says = f"after {(now - one.at).days} days {found.says} ({one.sha[:12]})"
        _keep(store, find(store, one.decision), "git", says, accepted=found.is_kept)
        commits.settle(store, one.sha, now)
        typer.echo(f"{one.decision}  {'kept' if found.is_kept else 'lost'}: {says}")
