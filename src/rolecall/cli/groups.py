"""A command that has commands of its own, and does something without one."""

from __future__ import annotations

from typing import Any, ClassVar

from typer.core import TyperGroup


class WithDefault(TyperGroup):
    """What is no name of a command, and no question for help, goes to the command `default`."""

    default: ClassVar[str] = ""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command's name before arguments that name none."""
        asks = args[:1] in (["--help"], [])
        if args[:1] == [] or (not asks and args[0] not in self.commands):
            args = [self.default, *args]
        return super().parse_args(ctx, args)
