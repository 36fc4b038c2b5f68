"""A decision as a colleague would tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rolecall.routing.costs import Price
from rolecall.routing.explain import flips
from rolecall.spoken.figures import chance, dollars, plain, seconds, tokens, total_cost
from rolecall.types import (
    Attempt,
    Candidate,
    Decision,
    Justification,
    Limit,
    Outcome,
    Record,
    Snapshot,
    Usage,
)

_LABEL = 11

Part = tuple[str, list[str]]
"""A label, and the lines that belong to it."""


def why_text(
    record: Record,
    snapshot: Snapshot,
    price: Price,
    outcomes: Sequence[Outcome] = (),
    remarks: Sequence[str] = (),
) -> str:
    """Role, signals, justification, what happened, costs, rejections, what would flip it.

    `outcomes` are those of the work that began here, or of the escalation that is in force.
    `remarks` say what of the cascade is about to retire or is not known of late.
    """
    parts = why_parts(record, snapshot, price, outcomes, remarks)
    lines = [heading(record), "", because(record.decision), ""]
    lines += [line for label, told in parts for line in _labelled(label, told)]
    return "\n".join(plain(line) for line in lines)


def why_parts(
    record: Record,
    snapshot: Snapshot,
    price: Price,
    outcomes: Sequence[Outcome] = (),
    remarks: Sequence[str] = (),
) -> list[Part]:
    """The same in parts, each with its label."""
    request = record.request
    used = record.attempts[-1].usage if record.attempts else None
    parts: list[Part] = [
        ("seen", [f"{s.says}" for s in request.signals.seen]),
        ("redacted", _redacted(request.redacted)),
        ("given", [request.why] if request.why else []),
        *decision_parts(record.decision, remarks),
        ("happened", [_happened(a) for a in record.attempts] or ["nothing was sent"]),
    ]
    if used is not None:
        parts += [
            ("used", [tokens(used)]),
            ("cost", [dollars(total_cost(record))]),
            ("instead", list(_instead(record, snapshot, used, price))),
        ]
    told = [_flip_line(f.change, f.role, f.deployment) for f in flips(record, snapshot)]
    parts += [("outcome", [outcome_line(one) for one in outcomes]), ("flips", told)]
    return [(label, lines) for label, lines in parts if lines]


def because(decision: Decision) -> str:
    """The role and its reason in one sentence."""
    reason = decision.reason
    rule = f" (rule {reason.rule})" if reason.ground == "rule" else ""
    return f"{decision.role}, because {reason.says}{rule}."


def decision_lines(decision: Decision, remarks: Sequence[str] = ()) -> list[str]:
    """What `why` and `route` both say of a decision."""
    parts = decision_parts(decision, remarks)
    return [line for label, told in parts for line in _labelled(label, told)]


def decision_parts(decision: Decision, remarks: Sequence[str] = ()) -> list[Part]:
    chosen = decision.chosen
    parts: list[Part] = [
        ("sure", [_sure(decision)]),
        ("plays", [_player(chosen)]),
        ("note", list(remarks)),
    ]
    if chosen is not None:
        why = chosen.justification
        parts += [
            ("justified", [] if why is None else [_justified(why)]),
            ("dialect", [] if chosen.dialect is None else [f"spoken to in {chosen.dialect}"]),
            ("lost", list(chosen.losses)),
        ]
    return [
        *parts,
        ("then", [_player(c) for c in decision.cascade[1:]]),
        *_costs(decision),
        ("private", [_limit(limit) for limit in decision.limits]),
        ("not", [f"{r.deployment}: {r.says}" for r in decision.rejections]),
    ]


def _justified(why: Justification) -> str:
    until = f"; until {why.until}" if why.until else ""
    return f"{why.kind}: {why.says}{until}"


def _costs(decision: Decision) -> list[Part]:
    """Where the conversation stands, what each candidate is expected to cost, what else matters."""
    boundary, latch = decision.boundary, decision.latch
    parts: list[Part] = []
    if boundary is not None:
        may = "another may play" if boundary.open else "no other may play"
        parts.append(("boundary", [f"{boundary.cause}: {boundary.says}; {may}"]))
    if latch is not None:
        begun = "here" if latch.decision == decision.id else f"with {latch.decision}"
        told = f"from {latch.before} to {latch.now} {begun}: {latch.says}"
        parts.append(("escalated", [told]))
    return [*parts, ("expected", _aligned(decision.cascade)), ("note", list(decision.notes))]


_HEAD = ("USD", "this call", "each later", "read anew", "pays after", "accepted", "until accepted")


def _aligned(cascade: Sequence[Candidate]) -> list[str]:
    """What each is expected to cost, in columns; words on the left, numbers on the right."""
    rows = [_HEAD, *(_forecast(one) for one in cascade)] if cascade else []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _forecast(one: Candidate) -> tuple[str, ...]:
    told = one.forecast
    if told is None:
        return (one.deployment, "unknown", *("" for _ in _HEAD[2:]))
    chance_ = "" if told.chance is None else f"{told.chance:.2f}"
    even = "" if told.breaks_even is None else f"{told.breaks_even:.3g} calls"
    costs = (_about(told.call), _about(told.turn), _about(told.fee))
    worth = "" if told.expected is None else _about(told.expected)
    seen = f" ({told.outcomes} seen)" if told.outcomes else ""
    return (one.deployment, *costs, even, chance_ + seen, worth)


def _about(amount: float) -> str:
    return dollars(Decimal(str(amount)))


def outcome_line(one: Outcome) -> str:
    """What became of the work, how that is known, and what it took."""
    verdict = "accepted" if one.accepted else "failed"
    took = f"after {one.calls} calls" if one.calls != 1 else "after 1 call"
    cost = "" if one.cost is None else f" and {dollars(one.cost)}"
    extra = ""
    if one.extra is not None:
        helped = "it helped" if one.accepted else "it has not helped yet"
        more = "more" if one.extra >= 0 else "less"
        extra = f"; {dollars(abs(one.extra))} {more} than without the escalation: {helped}"
    return f"{verdict}, known by {one.how}: {one.says}, {took}{cost}{extra}"


def _limit(limit: Limit) -> str:
    return f"{limit.says}; the rule {limit.rule} keeps it in {' or '.join(limit.zones)}"


def _redacted(count: int) -> list[str]:
    secrets = "1 secret" if count == 1 else f"{count} secrets"
    return [f"{secrets} replaced by placeholders, and put back into the answer"] if count else []


def _player(candidate: Candidate | None) -> str:
    if candidate is None:
        return "nobody"
    if candidate.instead_of is None:
        return candidate.deployment
    return f"{candidate.deployment}, in place of {candidate.instead_of}, which has retired"


def _sure(decision: Decision) -> str:
    """How sure the deciding signal is, and what the strongest of the others says."""
    reason = decision.reason
    rival = reason.runner_up
    told = f"{chance(reason.confidence)} ({reason.rule})"
    if rival is None:
        return f"{told}; no other signal says otherwise"
    measured = "" if rival.confidence is None else f" at {chance(rival.confidence)}"
    return f"{told}; runner-up {rival.role}{measured} ({rival.rule})"


def heading(record: Record) -> str:
    """The id, the time, the client, what it sent, and from where."""
    signals = record.request.signals
    client = " ".join(part for part in (signals.client, signals.client_version) if part)
    parts = [
        record.decision.id,
        record.decision.at.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z"),
        client or signals.agent or "unknown client",
        f"{record.request.dialect} {record.request.body_bytes / 1000:.1f} kB",
    ]
    if signals.session:
        parts.append(f"session {signals.session}")
    if record.request.workspace:
        parts.append(f"workspace {record.request.workspace}")
    return "  ".join(parts)


def _happened(attempt: Attempt) -> str:
    status = f" {attempt.status}" if attempt.status else ""
    first = attempt.time_to_first_chunk
    begun = f", first chunk after {seconds(first)}" if first is not None else ""
    detail = f": {attempt.detail}" if attempt.detail else ""
    return (
        f"{attempt.deployment} {attempt.outcome}{status} in {seconds(attempt.total)}{begun}{detail}"
    )


def _instead(record: Record, snapshot: Snapshot, used: Usage, price: Price) -> Iterator[str]:
    """What the same tokens would have cost elsewhere in the stack, cheapest first."""
    played, at = record.attempts[-1].deployment, record.decision.at
    others = [name for name in snapshot.deployments if name != played]
    priced = [(price(name, used, at), name) for name in others]
    known = sorted((amount, name) for amount, name in priced if amount is not None)
    width = max((len(name) for name in others), default=0)
    own = total_cost(record)
    for amount, name in known:
        yield f"{name:<{width}}  {dollars(amount)}{_ratio(amount, own)}"
    for name in (name for amount, name in priced if amount is None):
        yield f"{name:<{width}}  price unknown"


def _ratio(amount: Decimal, own: Decimal | None) -> str:
    return f"  ({amount / own:.2g} x)" if own else ""


def _flip_line(change: str, role: str, deployment: str | None) -> str:
    return f"{change}: {deployment or 'nobody'} plays {role}"


def _labelled(label: str, lines: list[str]) -> list[str]:
    """The label before the first line, the others below it."""
    return [f"{label if n == 0 else '':<{_LABEL}}{line}" for n, line in enumerate(lines)]
