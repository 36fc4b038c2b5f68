"""Which deployments may play, and why the others may not."""

from __future__ import annotations

from decimal import Decimal

from rolecall.routing.justify import STRONGEST
from rolecall.types import (
    Candidate,
    Deployment,
    Justification,
    Rejection,
    Request,
    Role,
    Session,
    Snapshot,
)

_BYTES_PER_TOKEN = 4
"""A rule of thumb for English text and code (OpenAI's help centre: a token is about four
characters). Used only before a call; what was used is what the provider reports."""
_PER_MILLION = Decimal(1_000_000 * _BYTES_PER_TOKEN)


def candidates(
    role: Role, pin: str | None, request: Request, snapshot: Snapshot, why: Justification | None
) -> tuple[list[Candidate], list[Rejection]]:
    """All of the cascade, in its order, each either cleared or rejected with a reason."""
    names = (pin,) if pin is not None else snapshot.stack.get(role, ())
    cleared: list[Candidate] = []
    rejected: list[Rejection] = []
    for name in names:
        deployment = find(name, snapshot)
        rejection = _rejection(deployment, role, request, snapshot, why)
        if rejection is not None:
            rejected.append(rejection)
            continue
        strongest = deployment.model_class == STRONGEST
        cleared.append(
            Candidate(
                deployment=name,
                model_class=deployment.model_class,
                estimate=_estimate(deployment, request.body_bytes),
                justification=why if strongest else None,
            )
        )
    return cleared, rejected


def _estimate(deployment: Deployment, body_bytes: int) -> Decimal | None:
    """USD for the input alone, uncached."""
    rates = deployment.rates
    return None if rates is None else rates.input * body_bytes / _PER_MILLION


def find(name: str, snapshot: Snapshot) -> Deployment:
    """A deployment of the stack, or one that a client names at a provider of the stack."""
    found = snapshot.deployments.get(name)
    if found is not None:
        return found
    provider, _, model = name.partition("/")
    return Deployment(provider=provider, model=model, model_class=snapshot.model_classes.get(model))


def hold(cleared: list[Candidate], request: Request, session: Session) -> list[Candidate]:
    """In an open tool loop the deployment in force plays on, if it may: no switch in mid-loop."""
    if not request.loop_open and request.endpoint != "count_tokens":
        return cleared
    return sorted(cleared, key=lambda candidate: candidate.deployment != session.deployment)


def _rejection(
    deployment: Deployment,
    role: Role,
    request: Request,
    snapshot: Snapshot,
    why: Justification | None,
) -> Rejection | None:
    provider = snapshot.providers[deployment.provider]
    name = deployment.name
    if request.dialect not in provider.endpoints:
        spoken = ", ".join(provider.endpoints)
        says = f"{provider.name} speaks {spoken}; this client speaks {request.dialect}"
        return Rejection(deployment=name, reason="dialect", says=says)
    if role == "local" and provider.zone != "local":
        says = f"the role local stays at home; {provider.name} is in the zone {provider.zone!r}"
        return Rejection(deployment=name, reason="zone", says=says)
    if deployment.model_class == STRONGEST and why is None:
        lender = snapshot.borrowed.get(role)
        says = f"nobody says why: the stack gives this class to {lender}, not to {role}"
        return Rejection(deployment=name, reason="unjustified", says=says)
    ailment = snapshot.health.get(name)
    if ailment is not None and ailment.until > snapshot.at:
        says = f"left alone until {ailment.until:%H:%M:%S} UTC: {ailment.why}"
        return Rejection(deployment=name, reason="unwell", says=says, until=ailment.until)
    return None
