"""How the tests of a repository are run: the command, its environment, what it has to read."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from rolecall.types.trials import Runner


class Toolchain(Struct, frozen=True, kw_only=True):
    """What runs a repository's tests in a tree that is not the user's checkout.

    `command` begins what runs test files; `environ` is the whole environment for a tree, with
    `{tree}` standing for its folder; `readable` are folders outside of the tree that have to be
    readable, as the interpreter's; `links` are names in the tree that lead to one of these
    (`node_modules`).
    """

    runner: Runner
    command: tuple[str, ...]
    environ: dict[str, str]
    readable: tuple[Path, ...] = ()
    links: tuple[tuple[str, Path], ...] = ()
