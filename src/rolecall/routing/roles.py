"""Which role the work has, what decided that, and what would have decided otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from rolecall.types import (
    ROLES,
    Ground,
    Kind,
    Opinion,
    Reason,
    Request,
    Role,
    Session,
    Signal,
    Snapshot,
    Work,
)

OWN_PREFIX = "rolecall/"
"""Model names of rolecall's own: `rolecall/auto` and `rolecall/<role>`."""
AUTO = OWN_PREFIX + "auto"

_WORK_KINDS: dict[Work, Kind] = {
    "title": "chore",
    "summary": "chore",
    "compaction": "chore",
    "approval": "chore",
    "memory": "chore",
    "chore": "chore",
    "commit": "docs",
    "completion": "completion",
    "plan": "architecture",
    "review": "review",
}
"""The kind of work that a rule has named. What is left out is told by its words, if at all."""


class Ask(Struct, frozen=True, kw_only=True):
    """What the caller asks for in so many words: a role, or one deployment (`pin`)."""

    role: Role | None = None
    pin: str | None = None
    says: str = ""


def asked(request: Request, snapshot: Snapshot) -> Ask | None:
    """The explicit ask of a request, if there is one.

    A header, or a person's word on the page, outranks the model's name.
    """
    if request.asked_role is not None:
        says = request.asked_by or f"the header x-rolecall-role asks for {request.asked_role}"
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
    """The role, by the strongest ground there is, and the runner-up."""
    told = opinions(request, snapshot, session)
    first = next(told)
    reason = Reason(
        ground=first.ground,
        rule=first.rule,
        says=first.says,
        confidence=first.confidence,
        runner_up=next((other for other in told if other.role != first.role), None),
    )
    return first.role, reason


def topic_of(kind: Kind | None, role: Role) -> str:
    """What outcomes are counted by: the kind of work, else whatever a role does."""
    return f"any {role}" if kind is None else kind


def kept_home(role: Role, reason: Reason, request: Request) -> tuple[Role, Reason]:
    """Nobody who plays the role may see this request: the role local plays in its place."""
    limit = request.limits[0]
    instead = _opinion(reason.ground, reason.rule, role, reason.says, reason.confidence)
    says = f"the rule {limit.rule} keeps it in {' or '.join(limit.zones)}: {limit.says}"
    rule = f"privacy.{limit.rule}"
    return "local", Reason(ground="privacy", rule=rule, says=says, runner_up=instead)


def opinions(request: Request, snapshot: Snapshot, session: Session) -> Iterator[Opinion]:
    """What each signal says, strongest first.

    Ask, the client's own rule, phase, generic rule, hint, text, default. Text that is not sure
    stands behind the default: it is told and not followed.
    """
    ask = asked(request, snapshot)
    if ask is not None and ask.role is not None:
        yield _opinion("ask", "ask", ask.role, ask.says, 1.0)
    signals = request.signals
    goes_on = signals.work == "continuation"
    rule = None if goes_on else signals.decided_by
    if rule is not None and not signals.generic and _may_change(request, session):
        yield _by_rule(request, snapshot, rule)
    goes_on = goes_on or request.loop_open or request.endpoint == "count_tokens"
    if session.role is not None and goes_on:
        yield _opinion("phase", "phase.loop", session.role, _kept(request, session), 1.0)
    if rule is not None:
        yield _by_rule(request, snapshot, rule)
    if snapshot.model_classes.get(request.asked_model) == "fast":
        says = f"the client asks for {request.asked_model}, a model of the fast class"
        yield _opinion("hint", "hint.model", "fast", says)
    readings = _readings(request, snapshot, session)
    sure = bool(readings) and (readings[0].confidence or 0) >= snapshot.text_confidence
    if sure:
        yield from readings
    yield _default(snapshot, unsure=readings[0] if readings and not sure else None)
    if not sure:
        yield from readings


def _readings(request: Request, snapshot: Snapshot, session: Session) -> list[Opinion]:
    """What the words say, where they are to be read at all."""
    if snapshot.text_confidence >= 1:
        return []
    return list(by_text(request.signals.kinds, snapshot, session))


def by_text(kinds: dict[Kind, float], snapshot: Snapshot, session: Session) -> Iterator[Opinion]:
    """What the words of the turn say: the likeliest role, and the second.

    The chance of a role is that of its kinds together. A follow-up has the role that the session
    keeps, else the default role.
    """
    chances: dict[Role, float] = {}
    likeliest: dict[Role, Kind] = {}
    for kind, chance in kinds.items():
        role = snapshot.kind_roles.get(kind) or session.kept or snapshot.default_role
        chances[role] = chances.get(role, 0.0) + chance
        likeliest.setdefault(role, kind)
    for role, chance in sorted(chances.items(), key=_by_chance)[:2]:
        kind = likeliest[role]
        says = f"the words of the turn read like {_SPOKEN.get(kind, kind)}"
        yield _opinion("text", f"text.{kind}", role, says, round(chance, 3))


def _by_chance(found: tuple[Role, float]) -> float:
    return -found[1]


_SPOKEN: dict[Kind, str] = {"followup": "a follow-up", "question": "a question", "fix": "a fix"}


def kind_of(request: Request, reason: Reason, role: Role, snapshot: Snapshot) -> Kind | None:
    """What the work is about: what its structure says, else what its words do if they are clear."""
    if request.signals.decided_by is not None and request.signals.work in _WORK_KINDS:
        return _WORK_KINDS[request.signals.work]
    if reason.ground == "text":
        return next(kind for kind in request.signals.kinds if reason.rule == f"text.{kind}")
    kind, chance = next(iter(request.signals.kinds.items()), (None, 0.0))
    agrees = kind is not None and snapshot.kind_roles.get(kind) == role
    return kind if agrees and chance >= snapshot.text_confidence else None


def _opinion(
    ground: Ground, rule: str, role: Role, says: str, confidence: float | None = None
) -> Opinion:
    return Opinion(ground=ground, rule=rule, role=role, says=says, confidence=confidence)


def _default(snapshot: Snapshot, unsure: Opinion | None) -> Opinion:
    role = snapshot.default_role
    if unsure is None:
        return _opinion(
            "default", "default", role, f"nothing says otherwise: {role} is the default role"
        )
    kind = unsure.rule.removeprefix("text.")
    says = (
        f"its words do not tell enough ({kind} at {unsure.confidence:.3f}, "
        f"{snapshot.text_confidence:g} is asked for): {role} is the default role"
    )
    return _opinion("default", "default", role, says)


def _may_change(request: Request, session: Session) -> bool:
    """In an open tool loop only a rule that marks a boundary may change the role in force."""
    return request.signals.boundary or not request.loop_open or session.role is None


def _by_rule(request: Request, snapshot: Snapshot, rule: Signal) -> Opinion:
    signals = request.signals
    role = signals.role or snapshot.work_roles.get(signals.work, snapshot.default_role)
    return _opinion("rule", rule.rule, role, f"the request {rule.says}", signals.confidence)


def _kept(request: Request, session: Session) -> str:
    if request.endpoint == "count_tokens":
        return f"counts tokens for a conversation that is in the role {session.role}"
    if not request.loop_open:
        return f"the harness reports within a turn: it stays in the role {session.role}"
    return f"a tool loop is open: the conversation stays in the role {session.role}"
