"""Why a deployment may not play."""

from __future__ import annotations

import re

from rolecall.routing.escalation import STRONGEST
from rolecall.routing.forecast import BYTES_PER_TOKEN
from rolecall.routing.spoken import spoken_to
from rolecall.types import (
    Afterwards,
    Deployment,
    Justification,
    Limit,
    Provider,
    Rejection,
    Request,
    Retirement,
    Role,
    Snapshot,
)


def rejected_for(
    name: str,
    deployment: Deployment,
    role: Role,
    request: Request,
    snapshot: Snapshot,
    why: Justification | None,
) -> Rejection | None:
    """The first reason that holds, the lasting ones first; None where it may play."""
    return _forbidden(name, deployment, role, request, snapshot, why) or _unable(
        name, deployment, request, snapshot
    )


def _forbidden(
    name: str,
    deployment: Deployment,
    role: Role,
    request: Request,
    snapshot: Snapshot,
    why: Justification | None,
) -> Rejection | None:
    """It does not fit the role or the client."""
    provider = snapshot.providers.get(deployment.provider)
    if provider is None:
        says = f"the stack has no provider {deployment.provider!r} any more"
        return Rejection(deployment=name, reason="unknown", says=says)
    dialect = spoken_to(request, provider)
    if dialect is None:
        spoken = ", ".join(provider.endpoints)
        says = f"{provider.name} speaks {spoken}; this client asks in {request.dialect}"
        return Rejection(deployment=name, reason="dialect", says=says)
    refused = request.carried[name].refused if name in request.carried else None
    if refused is not None:
        says = f"it is spoken to in {dialect}: {refused}"
        return Rejection(deployment=name, reason="dialect", says=says)
    if role == "local" or request.limits:
        limit = next((limit for limit in request.limits if not limit.admits(provider)), None)
        away = _away(deployment, role, provider) if limit is None else _kept(limit, provider)
        if away is not None:
            return Rejection(deployment=name, reason="zone", says=away)
    if deployment.model_class == STRONGEST and why is None:
        lender = snapshot.borrowed.get(role)
        says = f"nobody says why: the stack gives this class to {lender}, not to {role}"
        return Rejection(deployment=name, reason="unjustified", says=says)
    return None


def _away(deployment: Deployment, role: Role, provider: Provider) -> str | None:
    """Why it does not stay at home: an engine there may have models that run elsewhere."""
    if "local" in (role, provider.zone) and CLOUD.search(deployment.model):
        return f"{deployment.model} runs on its vendor's servers; pull a model without that tag"
    if deployment.passed_on and provider.zone == "local":
        return f"its engine passes {deployment.model} on to {deployment.passed_on}"
    if role == "local" and provider.zone != "local":
        return f"the role local stays at home; {provider.name} is in the zone {provider.zone!r}"
    return None


def _kept(limit: Limit, provider: Provider) -> str:
    zones = " or ".join(limit.zones)
    return f"the rule {limit.rule} keeps this in {zones}; {provider.name} is in {provider.zone!r}"


CLOUD = re.compile(r"[:-]cloud(?:$|[:@])")
"""Ollama's names for models that it passes on: `glm-5:cloud`, `gpt-oss:120b-cloud`
(https://docs.ollama.com/cloud, read 2026-11-23)."""


def _unable(
    name: str, deployment: Deployment, request: Request, snapshot: Snapshot
) -> Rejection | None:
    """It is gone, too small for this request, or unwell."""
    ending = retired(name, snapshot)
    if ending is not None:
        return Rejection(deployment=name, reason="retired", says=_ended(deployment, ending))
    tokens = request.body_bytes // BYTES_PER_TOKEN
    if deployment.context is not None and tokens > deployment.context:
        says = f"about {tokens:,} tokens; it reads {deployment.context:,} and cuts off the rest"
        return Rejection(deployment=name, reason="context", says=says)
    if deployment.tools is False and request.tools:
        says = f"{deployment.model} calls no tools, says its engine; the client brings some"
        return Rejection(deployment=name, reason="tools", says=says)
    ailment = snapshot.health.get(name)
    if ailment is not None and ailment.until > snapshot.at:
        says = f"left alone until {ailment.until:%H:%M:%S} UTC: {ailment.why}"
        return Rejection(deployment=name, reason="unwell", says=says, until=ailment.until)
    return None


def retired(name: str, snapshot: Snapshot) -> Retirement | None:
    """The end of a name, if its day has come."""
    ending = snapshot.retirements.get(name)
    return ending if ending is not None and snapshot.at.date() >= ending.day else None


def _ended(deployment: Deployment, ending: Retirement) -> str:
    now = _SINCE[ending.then]
    says = f"retired by {deployment.provider} on {ending.day}{now}"
    if ending.successor is None:
        return f"{says}; it names no successor"
    return f"{says}; {ending.successor} follows it (`rolecall migrate`)"


_SINCE: dict[Afterwards, str] = {
    "gone": "",
    "substituted": ": another model answers under its name",
    "billed-as-successor": ": its successor answers under its name, at its own price",
}
