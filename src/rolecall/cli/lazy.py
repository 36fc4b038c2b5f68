"""A group of commands each of which is imported when it is asked for.

All commands together take half a second to import, most of it for what one of them needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from msgspec import Struct
from typer.core import TyperGroup
from typer.main import get_command, get_group


class Entry(Struct, frozen=True):
    """Where a command is: a function of a module, or a `typer.Typer` with commands of its own.

    `settings` are those of the command's context.
    """

    module: str
    name: str
    settings: Mapping[str, Any] = {}


class Lazy(TyperGroup):
    """Its commands stand in `table`, in the order in which help lists them."""

    table: ClassVar[Mapping[str, Entry]] = {}

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (click asks so)
        """Their names."""
        return list(self.table)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The command of a name; None where there is none."""
        entry = self.table.get(cmd_name)
        return None if entry is None else _command(cmd_name, entry)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As click does it; near misses are named from the table."""
        self.commands = dict.fromkeys(self.table, _NOBODY)  # what typer looks through for them
        return super().resolve_command(ctx, args)


_NOBODY: Any = None


def _command(name: str, entry: Entry) -> Any:
    found = getattr(import_module(entry.module), entry.name)
    if isinstance(found, typer.Typer):
        command: Any = get_group(found)
    else:
        alone = typer.Typer(
            add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
        )
        alone.command(name, context_settings=dict(entry.settings))(found)
        command = get_command(alone)
    command.name = name
    return command
