"""The strongest class where nobody can say why: on trivial work, on chores, under sub-agents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec import Struct

from rolecall.audit.habits.finding import (
    Change,
    Finding,
    Habit,
    Scene,
    average,
    connecting,
    instead,
    playing,
    shown,
)
from rolecall.audit.pieces import HARNESS, Piece
from rolecall.audit.tariffs import Served
from rolecall.routing.escalation import STRONGEST

_LEAST = 3
"""Pieces from which one may speak of a habit."""
_CALM = 12
"""Calls up to which a piece of work stayed as small as its words said."""


class _Rule(Struct, frozen=True, kw_only=True):
    """A habit of this sort: which pieces could show it, and which of them do."""

    id: Habit
    title: str
    could: Callable[[Piece], bool]
    shows: Callable[[Piece, Scene], bool]
    says: str
    sure: str


def _trivial(piece: Piece, scene: Scene) -> bool:
    """Its words ask for the role `fast`, and what came of it does not say otherwise."""
    stayed_small = len(piece.bills) <= _CALM and not piece.turn.failed
    return piece.role == "fast" and piece.chance >= scene.sure and stayed_small


TRIVIAL = _Rule(
    id="premium-on-trivial",
    title="the strongest class on trivial work",
    could=lambda piece: piece.work == "turn",
    shows=_trivial,
    says="{count} of {of} turns of the strongest class asked for work that the role fast plays",
    sure="the mean chance that the words ask for it",
)
CHORES = _Rule(
    id="premium-chores",
    title="the strongest class on chores",
    could=lambda piece: piece.work in HARNESS,
    shows=lambda _piece, _scene: True,
    says="{count} titles, summaries, approvals and other chores of clients",
    sure="the client's log says what they are",
)
SUBAGENTS = _Rule(
    id="premium-subagents",
    title="sub-agents that inherit the strongest class",
    could=lambda piece: piece.work == "subagent",
    shows=lambda _piece, _scene: True,
    says="{count} turns of sub-agents",
    sure="the client's log says what they are",
)


def trivial(scene: Scene) -> Finding | None:
    return _found(TRIVIAL, scene)


def chores(scene: Scene) -> Finding | None:
    return _found(CHORES, scene)


def subagents(scene: Scene) -> Finding | None:
    return _found(SUBAGENTS, scene)


def _found(rule: _Rule, scene: Scene) -> Finding | None:
    strong = [one for one in scene.pieces if one.model_class == STRONGEST and rule.could(one)]
    found = [one for one in strong if rule.shows(one, scene) and not _explained(one)]
    priced = [(one, _saved(one, scene)) for one in found]
    money = sum((saved for _, saved in priced), Decimal(0))
    if len(found) < _LEAST or not money:
        return None
    seen, sessions = shown((one, saved, _says(one)) for one, saved in priced)
    return Finding(
        id=rule.id,
        title=rule.title,
        says=rule.says.format(count=len(found), of=len(strong)),
        count=len(found),
        of=len(strong),
        money=money,
        money_is="saved",
        confidence=average([one.chance for one in found]),
        sure=rule.sure,
        seen=seen,
        sessions=sessions,
        change=_change(found, scene),
    )


def _explained(piece: Piece) -> bool:
    """The ledger's own decisions have a justification already: `rolecall premium` lists them."""
    return piece.bills[0].call.role is not None and piece.work == "turn"


def _saved(piece: Piece, scene: Scene) -> Decimal:
    other = _other(piece.served, scene)
    return Decimal(0) if other is None else instead(piece.bills, other)


def _other(served: Served, scene: Scene) -> Served | None:
    """Who plays `fast`; where that is of the strongest class too, who might at this provider."""
    found = scene.player("fast", served)
    if found is not None and found.model_class != STRONGEST:
        return found
    name = scene.tariffs.suggested(served.provider).get("fast")
    return None if name is None else scene.tariffs.served(served.provider, name)


def _says(piece: Piece) -> str:
    if piece.work != "turn":
        return f"{piece.work}, {len(piece.bills)} calls"
    kind = next(iter(piece.turn.kinds), "unknown")
    return f"{kind} at {piece.chance:.2f}, {len(piece.bills)} calls"


def _change(found: Sequence[Piece], scene: Scene) -> Change | None:
    """A stack whose role `fast` is played by the strongest class is mended; else clients are."""
    dearest = max(found, key=lambda one: one.cost)
    clients = sorted({one.thread.client for one in found})
    if scene.stack is None:
        return Change(says="write a stack, then connect your clients", command="rolecall init")
    first = scene.tariffs.deployment(scene.stack.stack["fast"][0])
    if first.model_class != STRONGEST:
        says = f"{', '.join(clients)} through rolecall: {first.name} plays fast"
        return Change(says=says, command=connecting(clients[0]))
    return playing("fast", first, dearest.served.provider, scene)
