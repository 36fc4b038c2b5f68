"""Which role the work has, and what decided that."""

from __future__ import annotations

from msgspec import Struct

from rolecall.types import ROLES, Reason, Request, Role, Session, Signal, Snapshot

OWN_PREFIX = "rolecall/"
"""Model names of rolecall's own: `rolecall/auto` and `rolecall/<role>`."""
AUTO = OWN_PREFIX + "auto"


class Ask(Struct, frozen=True, kw_only=True):
    """What the caller asks for in so many words: a role, or one deployment (`pin`)."""

    role: Role | None = None
    pin: str | None = None
    says: str = ""


def asked(request: Request, snapshot: Snapshot) -> Ask | None:
    """The explicit ask of a request, if there is one. A header outranks the model's name."""
    if request.asked_role is not None:
        says = f"the header x-rolecall-role asks for {request.asked_role}"
        return Ask(role=request.asked_role, says=says)
    name = request.asked_model
    if name.startswith(OWN_PREFIX):
        role = own_role(name)
        return None if role is None else Ask(role=role, says=f"the client asks for {name}")
    provider, _, model = name.partition("/")
    if model and provider in snapshot.providers:
        return Ask(pin=name, says=f"the client names the deployment {name}")
    return None


def own_role(name: str) -> Role | None:
    """The role in `rolecall/<role>`; None for `rolecall/auto` and for names that are no role."""
    found = name.removeprefix(OWN_PREFIX)
    return next((role for role in ROLES if role == found), None)


def role_of(request: Request, snapshot: Snapshot, session: Session) -> tuple[Role, Reason]:
    """The role, by the strongest ground there is: ask, rule, phase, generic rule, hint, default."""
    ask = asked(request, snapshot)
    if ask is not None and ask.role is not None:
        return ask.role, Reason(ground="ask", rule="ask", says=ask.says)
    signals, rule = request.signals, request.signals.decided_by
    if rule is not None and not signals.generic and _may_change(request, session):
        return _by_rule(request, snapshot, rule)
    if session.role is not None and (request.loop_open or request.endpoint == "count_tokens"):
        return session.role, Reason(ground="phase", rule="phase.loop", says=_kept(request, session))
    if rule is not None:
        return _by_rule(request, snapshot, rule)
    if snapshot.model_classes.get(request.asked_model) == "fast":
        says = f"the client asks for {request.asked_model}, a model of the fast class"
        return "fast", Reason(ground="hint", rule="hint.model", says=says)
    says = f"nothing says otherwise: {snapshot.default_role} is the default role"
    return snapshot.default_role, Reason(ground="default", rule="default", says=says)


def _may_change(request: Request, session: Session) -> bool:
    """In an open tool loop only a rule that marks a boundary may change the role in force."""
    return request.signals.boundary or not request.loop_open or session.role is None


def _by_rule(request: Request, snapshot: Snapshot, rule: Signal) -> tuple[Role, Reason]:
    role = snapshot.work_roles.get(request.signals.work, snapshot.default_role)
    return role, Reason(ground="rule", rule=rule.rule, says=f"the request {rule.says}")


def _kept(request: Request, session: Session) -> str:
    if request.endpoint == "count_tokens":
        return f"counts tokens for a conversation that is in the role {session.role}"
    return f"a tool loop is open: the conversation stays in the role {session.role}"
