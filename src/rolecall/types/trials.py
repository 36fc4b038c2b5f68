"""Trials: tasks with a judge, who tries them, and what each run came to."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from rolecall.types.words import Kind

Runner = Literal["pytest", "unittest", "npm", "go", "cargo", "command"]
"""What runs the tests of a repository; `command` is one of the user's own, by its exit code."""
Stop = Literal[
    "finished",
    "time",
    "memory",
    "output",
    "disk",
    "processes",
    "spend",
    "calls",
    "refused",
    "crashed",
    "lost",
]
"""How a run ended: by the agent's own word; at a limit; because nobody was allowed to answer it or
the provider did not; with a crash of the agent; or lost with whoever ran it, which is nobody's
failure and is run once more."""


class Judge(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tests that say whether a task is done.

    `files`, which may be folders, are put back as `source` has them before judging, so that editing
    them helps nobody; `run` are those that are run, all of `files` where it is empty. `must_pass`
    failed before and pass after; `keep_passing` passed before and after and are to stay so.
    `seconds` is how long they took, `weak` why they prove little, where they do.
    """

    runner: Runner
    command: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    must_pass: tuple[str, ...] = ()
    keep_passing: tuple[str, ...] = ()
    seconds: float = 0.0
    weak: str = ""


class Defect(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A planted defect of a review task, to be named by its place: lines `first` to `last`."""

    path: str
    first: int
    last: int
    says: str = ""


class Task(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to be done to a state of a repository, and how it is judged.

    `base` is the commit to start from, `source` the one that holds the judge's files (for a mined
    task the commit that was made then). `patch` is applied to `base` before the agent starts, as
    where defects are planted. `size` is changed lines of source in the original change.
    A task has a `judge`, or `defects`, never both.
    """

    id: str
    repository: str
    base: str
    request: str
    kind: Kind
    source: str = ""
    patch: str = ""
    judge: Judge | None = None
    defects: tuple[Defect, ...] = ()
    size: int = 0
    at: datetime | None = None


class RunLimits(Struct, frozen=True, kw_only=True):
    """What one run may take. `spend` is USD; None where only the trial's budget holds."""

    seconds: float = 900.0
    memory_mib: int = 4096
    disk_mib: int = 2048
    output_mib: int = 64
    processes: int = 512
    calls: int = 100
    spend: Decimal | None = None


class Trial(Struct, frozen=True, kw_only=True):
    """What is tried: the first of `candidates` (deployments) plays today, the others may follow.

    With `control` the first has a second arm, whose difference from the first is noise. `budget`
    is USD for all runs. `margin` is the loss of success that still counts as no worse, `level` the
    chance that no verdict of `switch` is wrong.
    """

    id: str
    at: datetime
    repository: str
    agent: str
    candidates: tuple[str, ...]
    tasks: tuple[str, ...]
    repetitions: int = 1
    control: bool = True
    seed: int = 1
    budget: Decimal | None = None
    margin: float = 0.1
    level: float = 0.95
    limits: RunLimits = RunLimits()


class Arm(Struct, frozen=True, kw_only=True):
    """A candidate under test; `control` is the second arm of the first candidate."""

    candidate: str
    control: bool = False

    @property
    def name(self) -> str:
        return f"{self.candidate} (control)" if self.control else self.candidate


class Run(Struct, frozen=True, kw_only=True):
    """One try of an arm at a task.

    `solved` is None where nobody could judge: that run says nothing about the candidate. `says`
    tells in a line what became of it, breaches of its bounds included. `cost` is USD, None where a
    price is unknown. `seconds` is the agent's time, `judged` that of the tests. `folder` holds its
    diff (`change.diff`), what the agent did (`log.txt`) and what the judge said (`judge.txt`).
    """

    trial: str
    task: str
    kind: Kind
    arm: Arm
    repetition: int
    at: datetime
    stop: Stop
    solved: bool | None
    says: str
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = None
    seconds: float = 0.0
    judged: float = 0.0
    folder: str = ""
    decisions: tuple[str, ...] = ()
    """The ids of its calls in the ledger."""
    wasted: Decimal = Decimal(0)
    """USD that tries of it cost which were lost."""

    @property
    def key(self) -> tuple[str, Arm, int]:
        """What there is one of in a trial."""
        return self.task, self.arm, self.repetition
