"""`rolecall audit`: what was already spent, and on what."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from rolecall.audit.habits.finding import Finding, Scene
from rolecall.audit.html import page, picture
from rolecall.audit.read import Progress as Told
from rolecall.audit.read import Where
from rolecall.audit.report import Report
from rolecall.audit.run import Ask, audit
from rolecall.cli.console import console
from rolecall.cli.groups import WithDefault
from rolecall.cli.moments import since as moment
from rolecall.cli.options import Config, Json
from rolecall.cli.print_audit import print_audit, print_finding
from rolecall.cli.setup import catalogue, ledger_path, settings_offline, world
from rolecall.config.known import Known
from rolecall.config.load import config_file, data_folder, environment, load
from rolecall.config.machine import Machine
from rolecall.config.rules import rules_in_force
from rolecall.errors import ConfigError
from rolecall.gateway.views import encode
from rolecall.types import Snapshot


class _Audit(WithDefault):
    default = "spending"


audit_app = typer.Typer(
    help="Say what coding models did, what it cost and what was wasted, from clients' own logs.",
    cls=_Audit,
    rich_markup_mode=None,
)
Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Files and folders with logs, instead of the clients' usual places."),
]
Since = Annotated[str, typer.Option(help="How far back: 30d, 12h, a day, or all.")]


@audit_app.command()
def spending(
    paths: Paths = None,
    since: Since = "30d",
    html: Annotated[Path | None, typer.Option(help="Write a page with charts there.")] = None,
    png: Annotated[Path | None, typer.Option(help="Write the charts there, as one PNG.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Sum up the spending, name the habits, and propose the changes worth most (the default)."""
    found, _ = audited(paths, since, config)
    if html is not None:
        write(html, page(found).encode())
    if png is not None:
        write(png, picture(found))
    if json:
        typer.echo(encode(found))
    else:
        print_audit(found, console())


def write(path: Path, content: bytes) -> None:
    """Raises `ConfigError` where that cannot be done."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


@audit_app.command()
def show(
    finding: Annotated[str, typer.Argument(metavar="ID", help="A habit that was seen.")],
    paths: Paths = None,
    since: Since = "30d",
    config: Config = None,
    json: Json = False,
) -> None:
    """Show a habit with the sessions behind it."""
    one = chosen(audited(paths, since, config)[0], finding)
    if json:
        typer.echo(encode(one))
    else:
        print_finding(one, console())


def chosen(found: Report, name: str) -> Finding:
    """A finding by its name. Raises `ConfigError` that names those there are."""
    for one in found.findings:
        if one.id == name:
            return one
    names = ", ".join(one.id for one in found.findings) or "none"
    raise ConfigError(f"{name!r} was not seen in this time; seen: {names}")


def audited(paths: list[Path] | None, since: str, config: Path | None) -> tuple[Report, Scene]:
    """Read what is new and judge all of it; a bar shows on standard error where that takes time."""
    with progress("reading logs") as told:
        return audit(ask_of(paths, since, config), told)


def ask_of(paths: list[Path] | None, since: str, config: Path | None) -> Ask:
    """What is to be audited on this machine."""
    now = datetime.now(UTC)
    return Ask(
        where=Where(
            machine=Machine(home=Path.home(), environ=environment()),
            ledger=ledger_path(settings_offline(config)),
            paths=paths or (),
        ),
        data=data_folder(),
        known=(known := catalogue()),
        stack=stack_in_force(config, known),
        since=moment(since, now),
        at=now,
    )


def stack_in_force(config: Path | None, known: Known) -> Snapshot | None:
    """The stack of the configuration; None where there is none, and nothing is asked."""
    path = config_file(config, Path.cwd())
    if path is None:
        return None
    settings = load(path)
    return world(settings, known, rules_in_force(settings))


@contextmanager
def progress(what: str) -> Iterator[Told]:
    """A bar on standard error; nothing where nobody watches."""
    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    to = Console(stderr=True)
    with Progress(*columns, console=to, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
