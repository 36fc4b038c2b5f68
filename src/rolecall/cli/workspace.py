"""`rolecall workspace`: bind a client to a folder, so that rules can speak of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import tomlkit
import typer

from rolecall.cli.options import Config
from rolecall.cli.setup import settings_offline
from rolecall.config.edits import Edit, diff, make
from rolecall.config.load import FILE_NAME, config_file, data_folder
from rolecall.errors import ConfigError

workspace_app = typer.Typer(help="Folders that rules of privacy speak of.", no_args_is_help=True)
_ODD = re.compile(r"[^A-Za-z0-9._-]+")
_URL = re.compile(r"^\s*url\s*=\s*(\S+)\s*$", re.MULTILINE)


@workspace_app.command()
def add(
    path: Annotated[Path, typer.Argument(help="The folder.")],
    name: Annotated[str | None, typer.Option(help="Its name; else the folder's own.")] = None,
    config: Config = None,
) -> None:
    """Bind a folder to a name, and say which base URL its clients take."""
    folder = path.expanduser().resolve()
    if not folder.is_dir():
        raise ConfigError(f"{path} is no folder")
    called = name or _ODD.sub("-", folder.name).strip("-.") or "workspace"
    settings = settings_offline(config)
    if called in settings.workspaces and settings.workspaces[called].path != str(folder):
        raise ConfigError(f"{called!r} is {settings.workspaces[called].path}; give another --name")
    file = config_file(config, Path.cwd()) or Path(FILE_NAME)
    edit = _edit(file, called, folder)
    for line in diff(edit):
        typer.echo(line)
    make([edit], data_folder(), datetime.now(UTC))
    base = f"http://{settings.server.host}:{settings.server.port}/w/{called}"
    typer.echo(f"\nClients in {folder} take {base} in place of the gateway's address,")
    typer.echo("with /v1 behind it where they take one. A running gateway is to be started anew.\n")
    typer.echo(f'[[privacy.rules]] speak of it as workspaces = ["{called}"].')


@workspace_app.command(name="list")
def listed(config: Config = None) -> None:
    """List the folders and their remotes."""
    found = settings_offline(config).workspaces
    width = max(map(len, found), default=0)
    for name, given in found.items():
        typer.echo(f"{name:<{width}}  {given.path}  {given.remote or 'no remote'}")
    if not found:
        typer.echo("No folder is bound. `rolecall workspace add PATH` binds one.")


def _edit(file: Path, name: str, folder: Path) -> Edit:
    before = file.read_text(encoding="utf-8") if file.is_file() else None
    document = tomlkit.parse(before or "")
    spaces = document.setdefault("workspaces", tomlkit.table(is_super_table=True))
    entry = tomlkit.table()
    entry["path"] = str(folder)
    remote = remote_of(folder)
    if remote is not None:
        entry["remote"] = remote
    spaces[name] = entry
    return Edit(path=file, before=before, after=tomlkit.dumps(document))


def remote_of(folder: Path) -> str | None:
    """The first remote in the folder's git configuration, without user names and keys."""
    for place in (folder, *folder.parents):
        config = place / ".git" / "config"
        if config.is_file():
            found = _URL.search(config.read_text(encoding="utf-8", errors="replace"))
            return None if found is None else re.sub(r"//[^/@]*@", "//", found[1])
    return None
