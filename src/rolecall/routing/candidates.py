"""Which deployments may play, and why the others may not."""

from __future__ import annotations

from collections.abc import Sequence

from rolecall.routing.escalation import STRONGEST
from rolecall.routing.rejections import rejected_for, retired
from rolecall.routing.spoken import spoken_to
from rolecall.types import (
    Boundary,
    Candidate,
    Deployment,
    Dialect,
    Justification,
    Rejection,
    Request,
    Role,
    Session,
    Snapshot,
)
from rolecall.wire.translate.losses import FOREIGN_THOUGHT


def candidates(
    role: Role,
    pin: str | None,
    request: Request,
    snapshot: Snapshot,
    session: Session,
    why: Justification | None,
) -> tuple[list[Candidate], list[Rejection]]:
    """All of the cascade, in its order, each either cleared or rejected with a reason."""
    asked = (pin,) if pin is not None else snapshot.stack.get(role, ())
    names, rejected = held(asked, request, session)
    cleared: list[Candidate] = []
    may_lose = request.thoughts or bool(request.carried)
    follows = snapshot.on_retired == "successor"
    for name in names:
        player = in_place_of(name, snapshot) if follows else name
        deployment = snapshot.deployments.get(player) or find(player, snapshot)
        rejection = rejected_for(player, deployment, role, request, snapshot, why)
        if rejection is not None:
            rejected.append(rejection)
            continue
        strongest = deployment.model_class == STRONGEST
        cleared.append(
            Candidate(
                deployment=player,
                instead_of=None if player == name else name,
                model_class=deployment.model_class,
                justification=why if strongest else None,
                dialect=_translated(deployment, request, snapshot),
                losses=_losses(player, request, session) if may_lose else (),
            )
        )
    return cleared, rejected


def _translated(deployment: Deployment, request: Request, snapshot: Snapshot) -> Dialect | None:
    """The dialect it is spoken to in, where that is not the client's."""
    found = spoken_to(request, snapshot.providers[deployment.provider])
    return None if found == request.dialect else found


def _losses(name: str, request: Request, session: Session) -> tuple[str, ...]:
    if name in request.carried:
        return request.carried[name].losses
    return (FOREIGN_THOUGHT,) if is_foreign(name, request, session) else ()


def is_foreign(deployment: str, request: Request, session: Session) -> bool:
    """Whether the request brings reasoning that this deployment may not have made."""
    return request.thoughts and any(player != deployment for player in session.players)


def held(
    names: Sequence[str], request: Request, session: Session
) -> tuple[Sequence[str], list[Rejection]]:
    """A conversation that a provider keeps goes on there and nowhere else."""
    holder = session.holder
    if holder is None:
        return names, []
    says = f"{holder} keeps the conversation ({request.continues}), and nobody else has it"
    others = [name for name in names if name != holder]
    return (holder,), [Rejection(deployment=o, reason="held", says=says) for o in others]


def find(name: str, snapshot: Snapshot) -> Deployment:
    """A deployment of the stack, or one that a client names at a provider of the stack."""
    found = snapshot.deployments.get(name)
    if found is not None:
        return found
    provider, _, model = name.partition("/")
    return Deployment(provider=provider, model=model, model_class=snapshot.model_classes.get(model))


def in_place_of(name: str, snapshot: Snapshot) -> str:
    """The deployment itself, or where it has retired, its successor."""
    met: set[str] = set()
    while name not in met:
        met.add(name)
        ending = retired(name, snapshot)
        if ending is None or ending.successor is None:
            break
        name = ending.successor
    return name


def hold(
    cleared: list[Candidate], request: Request, session: Session, boundary: Boundary
) -> list[Candidate]:
    """Where no other may play the deployment in force does, if it may."""
    if boundary.open and request.endpoint != "count_tokens":
        return cleared
    return sorted(cleared, key=lambda candidate: candidate.deployment != session.deployment)
