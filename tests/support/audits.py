"""Audits of homes that tests lay out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from rolecall.audit.habits.finding import Finding, Habit, Scene
from rolecall.audit.read import Where
from rolecall.audit.report import Report
from rolecall.audit.run import Ask, audit
from rolecall.config.build import build
from rolecall.config.known import Known, shipped
from rolecall.config.load import load
from rolecall.config.machine import Machine
from rolecall.types import Snapshot

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STACK = """
[roles]
plan = ["anthropic/claude-opus-5-5"]
code = ["anthropic/claude-sonnet-5-5"]
fast = ["anthropic/claude-haiku-5-5"]
"""


@cache
def known() -> Known:
    """The catalogue that ships with rolecall."""
    return shipped()


def stack(folder: Path, text: str = STACK) -> Snapshot:
    """The world of a configuration."""
    file = folder / "rolecall.toml"
    file.write_text(text)
    return build(load(file), known(), rules="", at=AT)


def ask(
    home: Path,
    paths: Sequence[Path] = (),
    *,
    since: datetime = EPOCH,
    in_force: Snapshot | None = None,
    at: datetime = AT,
) -> Ask:
    return Ask(
        where=Where(
            machine=Machine(home=home, environ={}),
            ledger=home / "rolecall/ledger.sqlite",
            paths=paths,
        ),
        data=home / "rolecall",
        known=known(),
        stack=in_force,
        since=since,
        at=at,
    )


def audited(asked: Ask) -> tuple[Report, Scene]:
    return audit(asked, lambda _done, _total: None)


def found(report: Report, name: Habit) -> Finding | None:
    return next((one for one in report.findings if one.id == name), None)
