"""A local model used as a drop-in for work on which it keeps failing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from rolecall.audit.habits.finding import Change, Finding, Scene, shown
from rolecall.audit.pieces import Piece, following
from rolecall.measure.binomial import lower_bound
from rolecall.types import Role

_LEAST = 5
_TOO_OFTEN = 1 / 3
"""The share of failures that the lower bound (95 %, Clopper and Pearson) has to exceed."""


def local(scene: Scene) -> Finding | None:
    """Local models on a kind of work where more than a third fails, beyond chance.

    It has failed where tests fail at the end, the person objects, edits are taken back, or where
    somebody who is not local takes the next turn over.
    """
    turns = [one for one in scene.pieces if one.work == "turn"]
    after = following(turns)
    groups: dict[tuple[str, str], list[Piece]] = {}
    for one in turns:
        if one.is_local:
            groups.setdefault((one.served.name, one.topic), []).append(one)
    bad = {key: own for key, own in groups.items() if _too_often(own, after)}
    if not bad:
        return None
    failed = [one for own in bad.values() for one in own if _failed(one, after)]
    priced = [(one, _redone(one, after)) for one in failed]
    seen, sessions = shown((one, money, _says(one, after)) for one, money in priced)
    tried = sum(len(own) for own in bad.values())
    return Finding(
        id="local-that-fails",
        title="a local model where it keeps failing",
        says="; ".join(_told(key, own, after) for key, own in sorted(bad.items())),
        count=len(failed),
        of=tried,
        money=sum((money for _, money in priced), Decimal(0)),
        money_is="spent",
        confidence=0.95,
        sure="the level of the bound on the share of failures",
        seen=seen,
        sessions=sessions,
        change=_change(bad, scene),
    )


def _taken_over(piece: Piece, after: Mapping[int, Piece]) -> bool:
    other = after.get(id(piece))
    return other is not None and not other.is_local


def _failed(piece: Piece, after: Mapping[int, Piece]) -> bool:
    turn = piece.turn
    edits = turn.reverts > 0 or turn.edits_failed > turn.edits
    return turn.failed or edits or (_taken_over(piece, after) and not turn.succeeded)


def _too_often(own: Sequence[Piece], after: Mapping[int, Piece]) -> bool:
    failures = sum(_failed(one, after) for one in own)
    return len(own) >= _LEAST and lower_bound(failures, len(own)) > _TOO_OFTEN


def _redone(piece: Piece, after: Mapping[int, Piece]) -> Decimal:
    """What others were paid for the next turn."""
    other = after.get(id(piece))
    return other.cost if other is not None and not other.is_local else Decimal(0)


def _told(key: tuple[str, str], own: Sequence[Piece], after: Mapping[int, Piece]) -> str:
    failures = sum(_failed(one, after) for one in own)
    return f"{key[0]} on {key[1]}: {failures} of {len(own)} failed"


def _says(piece: Piece, after: Mapping[int, Piece]) -> str:
    turn = piece.turn
    for holds, says in (
        (turn.objected, "the person objected"),
        (turn.tests == "failed", "the tests failed"),
        (turn.reverts > 0, "edits were taken back"),
        (turn.edits_failed > turn.edits, "edits did not go in"),
        (_taken_over(piece, after), "another model took over"),
    ):
        if holds:
            return f"{piece.topic}: {says}"
    return piece.topic


def _change(bad: Mapping[tuple[str, str], Sequence[Piece]], scene: Scene) -> Change | None:
    """The kinds on which it fails go to the role `code`, where somebody else plays that."""
    if scene.stack is None:
        return Change(says="write a stack, then connect your clients", command="rolecall init")
    first = scene.tariffs.deployment(scene.stack.stack["code"][0])
    kinds: dict[str, Role] = {
        own[0].kind: "code"
        for own in bad.values()
        if own[0].kind is not None and scene.stack.kind_roles.get(own[0].kind) != "code"
    }
    if first.local or not kinds:
        return None
    return Change(says=f"{', '.join(sorted(kinds))} go to code ({first.name})", kinds=kinds)
