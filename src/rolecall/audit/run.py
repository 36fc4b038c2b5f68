"""An audit from beginning to end: read, count once, price, judge."""

from __future__ import annotations

import gc
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from rolecall.audit.apply import remembered, since
from rolecall.audit.habits.finding import Scene
from rolecall.audit.merge import merged
from rolecall.audit.pieces import Rules, pieces_of
from rolecall.audit.read import History, Progress, Where, read
from rolecall.audit.report import Report, report
from rolecall.audit.store import FILE_NAME, Store
from rolecall.audit.tariffs import Tariffs
from rolecall.config.build import KIND_ROLES, WORK_ROLES
from rolecall.config.known import Known
from rolecall.config.settings import RoutingSettings
from rolecall.types import Snapshot


class Ask(Struct, frozen=True, kw_only=True):
    """What is to be audited. `stack` is the one in force, if there is one.

    `data` is rolecall's own folder.
    """

    where: Where
    data: Path
    known: Known
    stack: Snapshot | None
    since: datetime
    at: datetime


def audit(ask: Ask, progress: Progress) -> tuple[Report, Scene]:
    """The report, and the pieces of work that it is made of.

    Hundreds of thousands of values come to life here, and none dies: the collector would look
    through them again and again, which takes half the time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _audit(ask, progress)
    finally:
        if collecting:
            gc.freeze()
            gc.enable()


def _audit(ask: Ask, progress: Progress) -> tuple[Report, Scene]:
    history = history_of(ask, progress)
    scene = judged(history, ask)
    changed = since(remembered(ask.data), scene)
    return report(history, scene, ask.since, changed), scene


def history_of(ask: Ask, progress: Progress) -> History:
    """All that the logs tell; what is new in them is read."""
    store = Store(ask.data / FILE_NAME)
    try:
        return read(ask.where, store, ask.since.timestamp(), progress)
    finally:
        store.close()


def judged(history: History, ask: Ask) -> Scene:
    """The pieces of work of a history, with what rules need to judge them."""
    tariffs = Tariffs(ask.known, ask.stack)
    rules = rules_of(ask.stack)
    return Scene(
        pieces=pieces_of(merged(history.threads), tariffs, rules, ask.since),
        tariffs=tariffs,
        known=ask.known,
        stack=ask.stack,
        at=ask.at,
        sure=rules.text_confidence,
    )


def rules_of(stack: Snapshot | None) -> Rules:
    """Who plays what: by the stack in force, else as rolecall does untold."""
    if stack is not None:
        return Rules(
            work_roles=stack.work_roles,
            kind_roles=stack.kind_roles,
            default_role=stack.default_role,
            text_confidence=stack.text_confidence,
        )
    routing = RoutingSettings()
    return Rules(
        work_roles=WORK_ROLES,
        kind_roles=KIND_ROLES,
        default_role=routing.default_role,
        text_confidence=routing.text_confidence,
    )
