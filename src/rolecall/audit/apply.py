"""From a finding to the edit that answers it, and what came of edits that were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from rolecall.audit.habits.finding import Change, Finding, Habit, Scene
from rolecall.audit.habits.table import findings
from rolecall.config import applied
from rolecall.config.edits import Edit
from rolecall.config.migrate import replace
from rolecall.config.stack import edited

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

FILE_NAME = "audit-applied.json"
_DAY = timedelta(days=1)


class Applied(Struct, frozen=True, kw_only=True):
    """An edit that was made for a habit, and what it cost in USD a day until then."""

    id: Habit
    at: datetime
    per_day: Decimal
    says: str


class Since(Struct, frozen=True, kw_only=True):
    """What an edit has changed: USD a day before it and since, over so many days."""

    id: Habit
    at: datetime
    says: str
    before: Decimal
    since: Decimal
    days: float


def edit_of(change: Change, path: Path) -> Edit | None:
    """The edit of `rolecall.toml`; None where the file says so already."""

    def make(document: TOMLDocument) -> None:
        replace(document, change.successors)
        for role, name in change.roles.items():
            _first(document, role, name)
        if change.kinds:
            _kinds(document, change.kinds)

    return edited(path, make)


def _first(document: TOMLDocument, role: str, name: str) -> None:
    """Put a deployment before the others of a cascade."""
    roles = document.setdefault("roles", {})
    cascade = roles.setdefault(role, [])
    if name in cascade:
        cascade.remove(name)
    cascade.insert(0, name)


def _kinds(document: TOMLDocument, kinds: Mapping[str, str]) -> None:
    import tomlkit  # noqa: PLC0415 (few commands need it)

    routing = document.get("routing")
    if routing is None:
        routing = tomlkit.table(is_super_table=True)
        document["routing"] = routing
    if "kind" not in routing:
        routing["kind"] = tomlkit.table()
    for kind, role in kinds.items():
        routing["kind"][kind] = role


def remembered(data: Path) -> list[Applied]:
    """The edits that were made, oldest first. Raises `ConfigError` where their list is damaged."""
    return applied.remembered(data / FILE_NAME, Applied)


def remember(data: Path, finding: Finding, since: datetime, at: datetime) -> None:
    """Note that the edit for a finding was made, to be compared with what comes after."""
    says = finding.change.says if finding.change is not None else finding.title
    new = Applied(id=finding.id, at=at, per_day=_per_day(finding.money, at - since), says=says)
    applied.note(data / FILE_NAME, [*remembered(data), new])


def forget_last(data: Path) -> None:
    """The newest edit was taken back."""
    known = remembered(data)
    if known:
        applied.note(data / FILE_NAME, known[:-1])


def since(made: Sequence[Applied], scene: Scene) -> list[Since]:
    """What each edit has changed, judged by the same rule on what came after."""
    return [_since(one, scene) for one in made]


def _since(one: Applied, scene: Scene) -> Since:
    later = [piece for piece in scene.pieces if piece.at >= one.at]
    found = findings(msgspec.structs.replace(scene, pieces=later))
    money = next((other.money for other in found if other.id == one.id), Decimal(0))
    return Since(
        id=one.id,
        at=one.at,
        says=one.says,
        before=one.per_day,
        since=_per_day(money, scene.at - one.at),
        days=(scene.at - one.at) / _DAY,
    )


def _per_day(money: Decimal, span: timedelta) -> Decimal:
    days = Decimal(str(max(span / _DAY, 1.0)))
    return (money / days).quantize(Decimal("0.000001"))
