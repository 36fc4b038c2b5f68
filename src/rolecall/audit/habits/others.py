"""Models that end, and loops that run away."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rolecall.audit.habits.finding import Change, Finding, Scene, connecting, shown
from rolecall.audit.pieces import Piece
from rolecall.config.notices import Notice, of_stack

_AHEAD = 60
"""Days ahead that are looked at."""
_SAME = 2
"""Failures of the tests that are like the one before: three in a row."""
_LONG = 50
"""Calls in one turn without an edit."""


def retiring(scene: Scene) -> Finding | None:
    """Models in use that have retired where they are served, or will within 60 days."""
    names = sorted({one.served.name for piece in scene.pieces for one in piece.bills})
    notices = of_stack(names, scene.known, scene.at, _AHEAD)
    if not notices:
        return None
    ending = {f"{one.surface}/{one.id}": one for one in notices}
    found = [one for one in scene.pieces if one.served.name in ending]
    seen, sessions = shown((one, one.cost, ending[one.served.name].says) for one in found)
    return Finding(
        id="retiring-models",
        title="models that retire",
        says="; ".join(_short(one) for one in notices),
        count=len(found),
        of=len(scene.pieces),
        money=sum((one.cost for one in found), Decimal(0)),
        money_is="spent",
        confidence=1.0,
        sure="the catalogue names the day and its source",
        seen=seen,
        sessions=sessions,
        change=_change(ending, found, scene),
    )


def _short(one: Notice) -> str:
    return one.says.partition(":")[0].partition(";")[0]


def _change(ending: dict[str, Notice], found: Sequence[Piece], scene: Scene) -> Change | None:
    """Those that the stack names are replaced in it; the rest stand in clients' own settings."""
    follow = {
        name: f"{one.surface}/{one.successor}"
        for name, one in ending.items()
        if one.successor is not None
    }
    used = {} if scene.stack is None else scene.stack.deployments
    own = {name: new for name, new in follow.items() if name in used}
    if own:
        says = ", ".join(f"{new} in place of {name}" for name, new in own.items())
        return Change(says=says, successors=own)
    dearest = max(found, key=lambda one: one.cost)
    notice = ending[dearest.served.name]
    new = notice.successor or "another model"
    says = f"{new} in place of {notice.id}, in the settings of {dearest.thread.client}"
    return Change(says=says, command=f"rolecall models show {notice.model}")


def runaway(scene: Scene) -> Finding | None:
    """Turns in which tests failed alike three times in a row, or 50 calls brought no edit."""
    turns = [one for one in scene.pieces if one.work in ("turn", "subagent")]
    found = [one for one in turns if _ran_away(one)]
    if not found:
        return None
    seen, sessions = shown((one, one.cost, _says(one)) for one in found)
    return Finding(
        id="runaway-loops",
        title="loops that ran away",
        says=f"{len(found)} of {len(turns)} turns went on without getting anywhere",
        count=len(found),
        of=len(turns),
        money=sum((one.cost for one in found), Decimal(0)),
        money_is="spent",
        confidence=1.0,
        sure="seen in the log; whether the work succeeded later is not known",
        seen=seen,
        sessions=sessions,
        change=Change(
            says="let rolecall escalate after repeated failures, and set a budget",
            command=connecting(found[0].thread.client),
        ),
    )


def _ran_away(piece: Piece) -> bool:
    turn = piece.turn
    return turn.same_failures >= _SAME or (len(piece.bills) >= _LONG and turn.edits == 0)


def _says(piece: Piece) -> str:
    if piece.turn.same_failures >= _SAME:
        return f"the tests failed the same way {piece.turn.same_failures + 1} times in a row"
    return f"{len(piece.bills)} calls and no edit"
