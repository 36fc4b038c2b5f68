"""aider: `.aider.chat.history.md` in the repository.

Counts stand on lines such as `> Tokens: 5.2k sent, 4.1k cache write, 812 received.`, from 1,000 on
rounded. What it says was sent holds what was written to the cache twice (aider 0.86.2,
`base_coder.py`: the provider's count includes it already). Times are those of the starts alone, on
the clock of the machine that wrote them. Commit messages of the weak model are not counted by it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path, PurePath

import msgspec

from rolecall.audit.history import Call, Counts, Thread
from rolecall.audit.source import Batch, Source, Unit, whole_file
from rolecall.audit.threads import ThreadReader, Tools
from rolecall.config.machine import Machine
from rolecall.wire.steps import Step

NAME = "aider"
FILE = ".aider.chat.history.md"
_STARTED = re.compile(r"# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")
_MODEL = re.compile(r"> (Main model|Model|Editor model): (\S+) with (\S+)")
_TOKENS = re.compile(
    r"> Tokens: ([\d.]+k?) sent(?:, ([\d.]+k?) cache write)?(?:, ([\d.]+k?) cache hit)?"
    r", ([\d.]+k?) received"
)
_COST = re.compile(r"Cost: \$(\d+\.\d+) message")
_APPLIED = "> Applied edit to "
_LONGEST = 20_000
"""Characters of a line that are read."""


class _Chat:
    """One chat: from one start line to the next."""

    def __init__(self, unit: Unit, at: datetime, number: int, tools: Tools) -> None:
        thread = Thread(
            client=NAME,
            session=f"{at:%Y-%m-%dT%H:%M:%S}",
            place=unit.path,
            workspace=str(Path(unit.path).parent),
            untimed=True,
        )
        self.reader = ThreadReader(thread, tools)
        self._name = f"{unit.path} {number}"
        self._at = at
        self._models = {"main": "", "editor": ""}
        self._architect = False
        self._said: list[str] = []
        self._answered: list[str] = []
        self._edits_itself = False
        self._calls = 0

    def take(self, line: str) -> None:
        if line.startswith("#### "):
            self._said.append(line[5:].rstrip())
            return
        if self._said:
            self._speak()
        if found := _MODEL.match(line):
            self._model(found)
        elif found := _TOKENS.match(line):
            self._answer(found, line)
        elif line.startswith(_APPLIED):
            self.reader.edited(self._at)
        elif not line.startswith(">"):
            self._answered.append(line.strip())

    def _model(self, found: re.Match[str]) -> None:
        self._models["editor" if found[1].startswith("Editor") else "main"] = found[2]
        self._architect = self._architect or found[3] == "architect"

    def _speak(self) -> None:
        """In architect mode what the architect said is handed to the editor in the same form."""
        words = "\n".join(self._said)
        self._edits_itself = self._architect and words.strip() == "\n".join(self._answered).strip()
        self._said, self._answered = [], []
        if not self._edits_itself:
            self.reader.step(Step("human", texts=(words,)), self._at)

    def _answer(self, found: re.Match[str], line: str) -> None:
        sent, write, read, received = (_count(found[place]) for place in (1, 2, 3, 4))
        if "k" in found[0]:
            self.reader.thread = msgspec.structs.replace(self.reader.thread, approximate=True)
        name = self._models["editor" if self._edits_itself else "main"]
        provider, _, model = name.partition("/") if "/" in name else ("", "", name)
        self._calls += 1
        self.reader.step(Step("assistant"), self._at)
        self.reader.answer(
            Call(
                id=f"{self._name} {self._calls}",
                at=self._at,
                turn=self.reader.turn,
                model=model,
                counts=Counts(sent - write, received, read, write),
                provider=provider,
                stated=Decimal(cost[1]) if (cost := _COST.search(line)) else None,
            )
        )


def _count(text: str | None) -> int:
    if not text:
        return 0
    return round(float(text[:-1]) * 1000) if text.endswith("k") else int(float(text))


def _places(_: Machine) -> tuple[Path, ...]:
    """In repositories: the audit looks into those that other logs name."""
    return ()


def _claims(path: PurePath) -> bool:
    return path.name == FILE


def _read(unit: Unit, tools: Tools) -> Batch:
    chats: list[_Chat] = []
    with Path(unit.path).open(encoding="utf-8", errors="replace") as file:
        while line := file.readline(_LONGEST):
            if found := _STARTED.match(line):
                at = datetime.fromisoformat(found[1]).astimezone(UTC)
                chats.append(_Chat(unit, at, len(chats), tools))
            elif chats:
                chats[-1].take(line)
    return Batch(threads=tuple(chat.reader.done() for chat in chats))


AIDER = Source(
    name=NAME,
    places=_places,
    claims=_claims,
    read=_read,
    units=whole_file,
    note="counts are rounded from 1,000 tokens on; commit messages are not counted",
)
