"""The fast class on work that needs thought: architecture, deep debugging, risky review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from rolecall.audit.habits.finding import (
    Change,
    Finding,
    Scene,
    average,
    connecting,
    playing,
    shown,
)
from rolecall.audit.pieces import Piece, following
from rolecall.types import Role

_HARD: tuple[Role, ...] = ("plan", "review")
_LEAST = 3


def hard(scene: Scene) -> Finding | None:
    """Turns that ask for the role `plan` or `review`, and that the class `fast` played.

    The money is that of those that went wrong, and of the turn after, in which it was done again.
    """
    asked = [one for one in scene.pieces if _asks(one, scene)]
    found = [one for one in asked if one.model_class == "fast"]
    if len(found) < _LEAST:
        return None
    again = following(one for one in scene.pieces if one.work in ("turn", *_HARD))
    wrong = [one for one in found if one.turn.failed]
    priced = [(one, _wasted(one, again)) for one in found]
    seen, sessions = shown((one, money, _says(one)) for one, money in priced)
    says = f"{len(found)} of {len(asked)} turns that ask for thought; {len(wrong)} went wrong"
    return Finding(
        id="fast-on-hard",
        title="the fast class on planning and review",
        says=says + _mean(scene, asked),
        count=len(found),
        of=len(asked),
        money=sum((money for _, money in priced), Decimal(0)),
        money_is="spent",
        confidence=average([one.chance for one in found]),
        sure="the mean chance that the words, or the client's mode, ask for it",
        seen=seen,
        sessions=sessions,
        change=_change(found[0], scene),
    )


def _asks(piece: Piece, scene: Scene) -> bool:
    own = piece.work in _HARD
    return own or (piece.work == "turn" and piece.role in _HARD and piece.chance >= scene.sure)


def _wasted(piece: Piece, after: Mapping[int, Piece]) -> Decimal:
    if not piece.turn.failed:
        return Decimal(0)
    again = after.get(id(piece))
    return piece.cost + (again.cost if again is not None else Decimal(0))


def _mean(scene: Scene, asked: Sequence[Piece]) -> str:
    """How the stronger ones fared on the same work, where that is known."""
    others = [one for one in asked if one.model_class not in ("fast", None)]
    wrong = sum(one.turn.failed for one in others)
    if not others or not scene.pieces:
        return ""
    return f", with stronger ones {wrong} of {len(others)}"


def _says(piece: Piece) -> str:
    told = "went wrong" if piece.turn.failed else "nothing says that it went wrong"
    return f"{piece.kind or piece.role} at {piece.chance:.2f}, {told}"


def _change(piece: Piece, scene: Scene) -> Change | None:
    if scene.stack is None:
        return Change(says="write a stack, then connect your clients", command="rolecall init")
    first = scene.tariffs.deployment(scene.stack.stack["plan"][0])
    if first.model_class != "fast":
        says = f"{piece.thread.client} through rolecall: {first.name} plays plan"
        return Change(says=says, command=connecting(piece.thread.client))
    return playing("plan", first, piece.served.provider, scene)
