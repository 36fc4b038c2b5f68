"""The prompts that the text model learns from, and those it is measured on."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec
from msgspec import Struct

from rolecall.routing.kinds import FIRST, LATER
from rolecall.types import Kind

HERE = Path(__file__).parent
PROMPTS = HERE.parents[1] / "shared" / "data" / "prompts" / "dev.jsonl"
WRITTEN = HERE / "written"


class Prompt(Struct, frozen=True, kw_only=True):
    """One labelled turn. `group` is its repository, empty for prompts that we wrote."""

    prompt: str
    kind: Kind
    group: str = ""
    turn: int | None = None
    also: tuple[str, ...] = ()

    @property
    def place(self) -> str | None:
        if self.turn is None:
            return None
        return FIRST if self.turn == 1 else LATER


def dev_prompts(path: Path) -> list[Prompt]:
    """The collected prompts of a JSONL file."""
    decoder = msgspec.json.Decoder(Prompt)
    return [decoder.decode(line) for line in path.read_bytes().splitlines() if line.strip()]


def written_prompts() -> list[Prompt]:
    """Our own prompts: a file per kind, a prompt per line."""
    kinds: tuple[Kind, ...] = get_args(Kind)
    return [
        Prompt(prompt=line, kind=kind)
        for kind in kinds
        if (WRITTEN / f"{kind}.txt").exists()
        for line in (WRITTEN / f"{kind}.txt").read_text().splitlines()
        if line.strip()
    ]
