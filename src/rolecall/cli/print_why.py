"""A decision as a colleague would tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rolecall.audit.spoken import dollars, plain
from rolecall.cli.words import chance, seconds, tokens
from rolecall.gateway.views import total_cost
from rolecall.routing.costs import Price
from rolecall.routing.explain import flips
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
    decision = record.decision
    lines = [_heading(record), "", because(decision), ""]
    lines += _labelled("seen", [f"{s.says}" for s in record.request.signals.seen])
    lines += _labelled("redacted", _redacted(record.request.redacted))
    lines += _labelled("given", [record.request.why] if record.request.why else [])
    lines += decision_lines(decision, remarks)
    lines += _labelled("happened", [_happened(a) for a in record.attempts] or ["nothing was sent"])
    used = record.attempts[-1].usage if record.attempts else None
    if used is not None:
        lines += _labelled("used", [tokens(used)])
        lines += _labelled("cost", [dollars(total_cost(record))])
        lines += _labelled("instead", list(_instead(record, snapshot, used, price)))
    lines += _labelled("outcome", [outcome_line(one) for one in outcomes])
    lines += _labelled(
        "flips", [_flip_line(f.change, f.role, f.deployment) for f in flips(record, snapshot)]
    )
    return "\n".join(plain(line) for line in lines)


def because(decision: Decision) -> str:
    """The role and its reason in one sentence."""
    reason = decision.reason
    rule = f" (rule {reason.rule})" if reason.ground == "rule" else ""
    return f"{decision.role}, because {reason.says}{rule}."


def decision_lines(decision: Decision, remarks: Sequence[str] = ()) -> list[str]:
    """What `why` and `route` both say of a decision."""
    chosen = decision.chosen
    lines = _labelled("sure", [_sure(decision)])
    lines += _labelled("plays", [_player(chosen)])
    lines += _labelled("note", list(remarks))
    if chosen is not None and chosen.justification is not None:
        lines += _labelled("justified", [_justified(chosen.justification)])
    if chosen is not None and chosen.dialect is not None:
        lines += _labelled("dialect", [f"spoken to in {chosen.dialect}"])
    if chosen is not None:
        lines += _labelled("lost", list(chosen.losses))
    lines += _labelled("then", [_player(c) for c in decision.cascade[1:]])
    lines += decision_costs(decision)
    lines += _labelled("private", [_limit(limit) for limit in decision.limits])
    return lines + _labelled("not", [f"{r.deployment}: {r.says}" for r in decision.rejections])


def _justified(why: Justification) -> str:
    until = f"; until {why.until}" if why.until else ""
    return f"{why.kind}: {why.says}{until}"


def decision_costs(decision: Decision) -> list[str]:
    """Where the conversation stands, what each candidate is expected to cost, what else matters."""
    boundary, latch = decision.boundary, decision.latch
    lines = []
    if boundary is not None:
        may = "another may play" if boundary.open else "no other may play"
        lines += _labelled("boundary", [f"{boundary.cause}: {boundary.says}; {may}"])
    if latch is not None:
        begun = "here" if latch.decision == decision.id else f"with {latch.decision}"
        lines += _labelled(
            "escalated", [f"from {latch.before} to {latch.now} {begun}: {latch.says}"]
        )
    lines += _labelled("expected", _aligned(decision.cascade))
    return lines + _labelled("note", list(decision.notes))


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


def _heading(record: Record) -> str:
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
