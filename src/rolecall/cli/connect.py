"""`rolecall connect`, `disconnect` and `run`: coding clients that ask rolecall."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from rolecall.cli.options import Config, Json
from rolecall.cli.setup import settings_offline
from rolecall.config.edits import diff
from rolecall.config.load import data_folder, environment, nearest
from rolecall.config.machine import Machine
from rolecall.connect import bonds
from rolecall.connect.client import Bond, Client
from rolecall.connect.table import CLIENTS
from rolecall.errors import ConfigError, StartError
from rolecall.gateway.views import encode

Names = Annotated[list[str] | None, typer.Argument(help="Clients; see --list.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Bound = Annotated[
    str | None, typer.Option("--workspace", help="Bind to a workspace of `rolecall workspace`.")
]


class Listed(Struct, frozen=True, kw_only=True):
    """A client on this machine. `found` is where its program is."""

    client: str
    state: bonds.State
    found: str | None
    files: tuple[str, ...]


def connect(
    names: Names = None,
    workspace: Bound = None,
    yes: Yes = False,
    listed: Annotated[bool, typer.Option("--list", help="Show clients and their state.")] = False,
    json: Json = False,
    config: Config = None,
) -> None:
    """Write a client's settings so that it asks rolecall; the change is shown first."""
    bond = _bond(config, workspace)
    if listed or not names:
        _list(bond, as_json=json)
        return
    for client in [_client(name) for name in names]:
        _connect(client, bond, yes=yes)


def _connect(client: Client, bond: Bond, *, yes: bool) -> None:
    _check(client)
    found = bonds.changes(client, _machine(), bond)
    if not found:
        typer.echo(f"{client.name} is connected to {bond.root} already.")
        return
    for line in (line for change in found for line in diff(change.edit)):
        typer.echo(line)
    if not yes and not typer.confirm(f"\nConnect {client.name}?"):
        raise typer.Exit(1)
    bonds.connect(client, found, data_folder())
    typer.echo(f"\n{client.name} asks {bond.root} from now on; {client.said}.")
    typer.echo(f"`rolecall disconnect {client.name}` takes it back.")


def disconnect(
    names: Names = None,
    every: Annotated[bool, typer.Option("--all", help="All that are connected.")] = False,
) -> None:
    """Restore a client's settings byte for byte; what was edited since stays."""
    data = data_folder()
    wanted = [_client(name) for name in names or ()]
    if every:
        wanted = [one for one in CLIENTS.values() if bonds.kept(one, data) is not None]
    if not wanted:
        raise ConfigError("name a client, or --all; `rolecall connect --list` shows them")
    for client in wanted:
        for one in bonds.disconnect(client, data):
            but = ", but for what was edited since" if one.edited else ""
            typer.echo(f"{one.path} is as it was before {client.name} was connected{but}")


def run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The client; what follows is its own.")],
    workspace: Bound = None,
    config: Config = None,
) -> None:
    """Start a client connected for this run alone; no file is touched."""
    client = _client(name)
    _check(client)
    program = shutil.which(client.program)
    if client.start is None:
        says = f"{client.name} reads its settings from files alone"
        raise StartError(f"{says}; `rolecall connect {client.name}` writes them, undoable")
    if program is None:
        raise StartError(f"{client.program} is not on the PATH; install {client.name} first")
    start = client.start(_bond(config, workspace))
    command = [program, *start.arguments, *context.args]
    done = subprocess.run(command, env={**environment(), **start.environ}, check=False)  # noqa: S603 (the user's own client)
    raise typer.Exit(done.returncode)


def _check(client: Client) -> None:
    if client.cannot:
        raise ConfigError(f"{client.name} cannot be connected: {client.cannot}")


def _list(bond: Bond, *, as_json: bool) -> None:
    found = [_listed(client, bond) for client in CLIENTS.values()]
    if as_json:
        typer.echo(encode(found))
        return
    rows = [
        (one.client, one.state, one.found or "not on the PATH", next(iter(one.files), ""))
        for one in found
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def _listed(client: Client, bond: Bond) -> Listed:
    targets = client.targets(_machine(), bond)
    return Listed(
        client=client.name,
        state="cannot be" if client.cannot else bonds.state(client, data_folder()),
        found=shutil.which(client.program),
        files=tuple(str(target.file) for target in targets),
    )


def _client(name: str) -> Client:
    found = CLIENTS.get(name)
    if found is None:
        raise ConfigError(f"there is no client {name!r}; {nearest(name, CLIENTS)}")
    return found


def _machine() -> Machine:
    return Machine(home=Path.home(), environ=environment())


def _bond(config: Config, workspace: str | None) -> Bond:
    settings = settings_offline(config)
    if workspace is not None and workspace not in settings.workspaces:
        says = f"there is no workspace {workspace!r}; {nearest(workspace, settings.workspaces)}"
        raise ConfigError(f"{says}; `rolecall workspace add PATH` binds one")
    server = settings.server
    host = f"[{server.host}]" if ":" in server.host else server.host
    bound = "" if workspace is None else f"/w/{workspace}"
    return Bond(root=f"http://{host}:{server.port}{bound}", token_env=server.token_env)
