"""What is routed down, and what one's own outcomes say of that (DESIGN, 7.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from rolecall.measure.binomial import upper_bound
from rolecall.routing.escalation import RANKS
from rolecall.routing.guarantee import DOWN
from rolecall.types import Kind, Role, Snapshot, Standing, place

State = Literal["kept", "unproven", "withdrawn"]
_MOST = 10_000


class Promise(Struct, frozen=True, kw_only=True):
    """A kind of work that a cheaper role plays than the default one.

    `bound` is what the share of failures does not exceed (95 %, Clopper and Pearson); `needed` is
    how many more verified outcomes without a failure would bring it within what is allowed.
    """

    kind: Kind
    role: Role
    plays: str
    instead_of: str
    verified: int
    failed: int
    bound: float
    allowed: float
    state: State
    needed: int


def promises(snapshot: Snapshot, standings: Mapping[str, Standing]) -> list[Promise]:
    """One for each kind that is routed down, by the name of the kind."""
    return sorted(_promises(snapshot, standings), key=lambda one: one.kind)


def _promises(snapshot: Snapshot, standings: Mapping[str, Standing]) -> Iterator[Promise]:
    for kind, role in snapshot.kind_roles.items():
        dearer = _first(DOWN.get(role, role), snapshot)
        plays = _first(role, snapshot)
        if plays is None or dearer is None or _rank(plays, snapshot) >= _rank(dearer, snapshot):
            continue
        own = standings.get(place(kind, plays), Standing())
        allowed = snapshot.economics.loss_allowed
        yield Promise(
            kind=kind,
            role=role,
            plays=plays,
            instead_of=dearer,
            verified=own.verified,
            failed=own.lost,
            bound=own.bound,
            allowed=allowed,
            state=_state(own, allowed),
            needed=needed(own.lost, own.verified, allowed),
        )


def _first(role: Role, snapshot: Snapshot) -> str | None:
    return next(iter(snapshot.stack.get(role, ())), None)


def _rank(name: str, snapshot: Snapshot) -> int:
    return RANKS[snapshot.deployments[name].model_class]


def _state(own: Standing, allowed: float) -> State:
    if own.refuted:
        return "withdrawn"
    return "kept" if own.bound <= allowed else "unproven"


def needed(failed: int, trials: int, allowed: float) -> int:
    """More outcomes, none of them a failure, until the bound is within what is allowed."""
    low, high = 0, _MOST
    while low < high:
        middle = (low + high) // 2
        enough = upper_bound(failed, trials + middle) <= allowed
        low, high = (low, middle) if enough else (middle + 1, high)
    return low
