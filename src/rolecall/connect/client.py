"""What it takes to connect a client: where it reads its settings, and which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from rolecall.config.machine import Machine

Value = str | bool | int | dict[str, "Value"] | list["Value"]
Form = Literal["toml", "json", "yaml", "env", "text"]
KEY = "rolecall"
"""What stands for a key where a client insists on one and the gateway asks for none."""


class Broken(ValueError):
    """A text that is not what its form asks for; it says where."""


class Bond(Struct, frozen=True, kw_only=True):
    """Where a client finds rolecall. `root` has no slash at its end."""

    root: str
    token_env: str | None = None
    """The variable that holds the gateway's token, where it asks for one."""

    @property
    def openai(self) -> str:
        return f"{self.root}/v1"


class Setting(Struct, frozen=True, kw_only=True):
    """A value at a path of keys. With `named` it is an entry of a list, known by that key.

    A path of one empty key is the document itself. With `missing` it is written only where nothing
    stands.
    """

    path: tuple[str, ...]
    value: Any
    """A `Value`; msgspec reads no type that speaks of itself."""
    named: str | None = None
    missing: bool = False


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
    cannot: str = ""
    """Why it cannot be connected, and what would be needed."""
