"""What it takes to connect a client: where it reads its settings, and which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

Value = str | bool | dict[str, "Value"] | list["Value"]
Form = Literal["toml", "json", "yaml"]
KEY = "rolecall"
"""What stands for a key where a client insists on one and the gateway asks for none."""


class Bond(Struct, frozen=True, kw_only=True):
    """Where a client finds rolecall. `root` has no slash at its end."""

    root: str
    token_env: str | None = None
    """The variable that holds the gateway's token, where it asks for one."""

    @property
    def openai(self) -> str:
        return f"{self.root}/v1"


class Machine(Struct, frozen=True, kw_only=True):
    """Whose settings: the home folder, and the environment that moves them elsewhere."""

    home: Path
    environ: Mapping[str, str]

    def folder(self, variable: str, default: str) -> Path:
        """Where a variable says, else below the home folder."""
        given = self.environ.get(variable, "")
        return Path(given).expanduser() if given else self.home / default


class Setting(Struct, frozen=True, kw_only=True):
    """A value at a path of keys. With `named` it is an entry of a list, known by that key."""

    path: tuple[str, ...]
    value: Value
    named: str | None = None


class Target(Struct, frozen=True, kw_only=True):
    """A file of settings, and what goes into it."""

    file: Path
    form: Form
    settings: tuple[Setting, ...]


class Start(Struct, frozen=True, kw_only=True):
    """How a client is started for one run: variables, and arguments before the user's own."""

    environ: dict[str, str] = {}
    arguments: tuple[str, ...] = ()


class Client(Struct, frozen=True, kw_only=True):
    """A coding client. `said` tells what is to be done next, in one line."""

    name: str
    program: str
    targets: Callable[[Machine, Bond], tuple[Target, ...]]
    start: Callable[[Bond], Start] | None = None
    said: str = ""
