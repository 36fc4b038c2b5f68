"""What a verdict changes in the stack, and what it does not, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from rolecall.audit.apply import edit_of
from rolecall.audit.habits.finding import Change
from rolecall.config import applied
from rolecall.config.edits import Edit, newest, undo
from rolecall.errors import ConfigError
from rolecall.measure.verdicts import Verdict
from rolecall.spoken.verdicts import headline
from rolecall.trials.telling.report import Report
from rolecall.types import Kind, Role, Snapshot

FILE_NAME = "trials-applied.json"
_LEAST = 5
"""Tasks of a role's own kinds below which a verdict over all kinds does not speak for it."""


class Consequence(Struct, frozen=True, kw_only=True):
    """What follows: who plays `roles` first, which role plays `kinds`; and why nothing more."""

    roles: dict[Role, str] = {}
    kinds: dict[Kind, Role] = {}
    says: tuple[str, ...] = ()

    @property
    def is_change(self) -> bool:
        return bool(self.roles or self.kinds)


class Applied(Struct, frozen=True, kw_only=True):
    """A change that a trial led to. `edit` is where what takes it back is kept."""

    trial: str
    at: datetime
    consequence: Consequence
    edit: str


def consequence(found: Report, world: Snapshot) -> Consequence:
    """Only roles that the first of the trial plays today, and only where a verdict is `switch`."""
    own = _own(found, world)
    playing = [role for role in own if world.stack.get(role, ("",))[0] == found.found.first]
    roles: dict[Role, str] = {}
    kinds: dict[Kind, Role] = {}
    says = [] if playing else [_nowhere(found, own)]
    for role in playing:
        name, reason = _player(found, own[role])
        if name is not None:
            roles[role] = name
        else:
            moved = _moved(found, own[role], world, role)
            kinds |= moved
            says.append(f"{role}: {reason}" if not moved else f"{role} stays: {reason}")
    return Consequence(roles=roles, kinds=kinds, says=tuple(says))


def _own(found: Report, world: Snapshot) -> dict[Role, Counter[Kind]]:
    """The tasks that count, by the role that plays their kind; a role that borrows is its lender's.

    Borrowed cascades are not in the file, so there is nothing to change.
    """
    told: dict[Role, Counter[Kind]] = {}
    kinds = {run.task: run.kind for run in found.runs if run.task not in found.found.excluded}
    for kind in kinds.values():
        role = world.kind_roles.get(kind, world.default_role)
        told.setdefault(world.borrowed.get(role, role), Counter())[kind] += 1
    return told


def _nowhere(found: Report, own: Mapping[Role, Counter[Kind]]) -> str:
    roles = ", ".join(own) or "any role"
    return f"{found.found.first} does not play {roles} first today, so nothing is changed"


def _player(found: Report, own: Counter[Kind]) -> tuple[str | None, str]:
    """Who is to play a role first; None and why not."""
    whole = [one for one in found.found.verdicts if one.contrast.kind is None]
    winner = _best(whole)
    if winner is not None:
        name = winner.contrast.arm.candidate
        kept = [one.contrast.kind for one in _of(found, name, own) if one.word == "keep"]
        if kept:
            return None, f"the verdict on {kept[0]} is to keep who plays"
        if own.total() >= _LEAST:
            return name, ""
        return None, f"only {own.total()} tasks were its own"
    every = {one.contrast.arm.candidate for one in found.found.verdicts}
    for name in sorted(every):
        told = _of(found, name, own)
        if told and len(told) == len(own) and all(one.word == "switch" for one in told):
            return name, ""
    return None, "; ".join(headline(one, found.found) for one in whole)


def _of(found: Report, name: str, own: Counter[Kind]) -> list[Verdict]:
    """The verdicts on a candidate for a role's own kinds."""
    return [
        one
        for one in found.found.verdicts
        if one.contrast.kind in own and one.contrast.arm.candidate == name
    ]


def _best(told: Sequence[Verdict]) -> Verdict | None:
    """Of several that may follow the one that solves most; they were not compared themselves."""
    switches = [one for one in told if one.word == "switch" and one.contrast.figures is not None]
    return max(switches, key=_solved, default=None)


def _solved(one: Verdict) -> float:
    figures = one.contrast.figures
    return figures.solved.other.mean if figures is not None else 0.0


def _moved(found: Report, own: Counter[Kind], world: Snapshot, now: Role) -> dict[Kind, Role]:
    """Single kinds with a switch of their own, where the candidate plays another role first."""
    moved: dict[Kind, Role] = {}
    for kind in own:
        best = _best([one for one in found.found.verdicts if one.contrast.kind == kind])
        if best is not None:
            name = best.contrast.arm.candidate
            role = next((r for r, c in world.stack.items() if r != now and c[0] == name), None)
            moved |= {} if role is None else {kind: role}
    return moved


def edit(told: Consequence, file: Path) -> Edit | None:
    """The edit of `rolecall.toml`; None where the file says so already."""
    kinds: dict[str, Role] = {kind: role for kind, role in told.kinds.items()}  # noqa: C416
    return edit_of(Change(says="", roles=told.roles, kinds=kinds), file)


def lines(told: Consequence, first: str) -> Iterator[str]:
    """What changes, and what does not."""
    for role, name in told.roles.items():
        yield f"{name} plays {role} in place of {first}"
    for kind, role in told.kinds.items():
        yield f"{role} plays {kind}"
    yield from told.says


def remembered(data: Path) -> list[Applied]:
    """The changes that trials led to, oldest first. Raises `ConfigError` where it is damaged."""
    return applied.remembered(data / FILE_NAME, Applied)


def remember(data: Path, new: Applied) -> None:
    applied.note(data / FILE_NAME, [*remembered(data), new])


def take_back(data: Path) -> list[Path]:
    """Take the newest change of a trial back. Raises `ConfigError` where another came after it."""
    known = remembered(data)
    if not known:
        raise ConfigError("no trial has changed anything")
    if newest(data) != Path(known[-1].edit):
        raise ConfigError(f"another change was made after that of trial {known[-1].trial}; undo it")
    paths = undo(data)
    applied.note(data / FILE_NAME, known[:-1])
    return paths
