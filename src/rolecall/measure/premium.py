"""What the strongest class was used for: by whose word, at what cost, and how it turned out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from rolecall.measure.standings import stronger
from rolecall.routing.escalation import STRONGEST
from rolecall.types import Candidate, Outcome, Record

NOBODY = "none"


class Premium(Struct, frozen=True, kw_only=True):
    """Calls for the strongest class with one justification. `cost` is USD, of the known prices.

    `unpriced` calls have none. Of the pieces of work that began with such a call `accepted` and
    `failed` are known; of the others nothing is.
    """

    kind: str
    says: str
    until: str
    calls: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    accepted: int = 0
    failed: int = 0
    unknown: int = 0


def premium(records: Iterable[Record], outcomes: Sequence[Outcome]) -> list[Premium]:
    """The dearest first."""
    verdicts = best(outcomes)
    found: dict[tuple[str, str], Premium] = {}
    for record in records:
        one = _played(record)
        if one is None:
            continue
        why = one.justification
        kind, says, until = (why.kind, why.says, why.until) if why else (NOBODY, _UNEXPLAINED, "")
        before = found.get((kind, says), Premium(kind=kind, says=says, until=until))
        found[kind, says] = _with(before, record, verdicts)
    return sorted(found.values(), key=lambda row: (-row.cost, -row.calls))


_UNEXPLAINED = "nobody said why"


def best(outcomes: Iterable[Outcome]) -> dict[str, Outcome]:
    """By decision, the word that counts."""
    found: dict[str, Outcome] = {}
    for one in outcomes:
        if stronger(one, found.get(one.decision)):
            found[one.decision] = one
    return found


def _played(record: Record) -> Candidate | None:
    """The candidate of the strongest class that answered, if one did."""
    answered = next((a for a in record.attempts if a.outcome == "answered"), None)
    if answered is None or record.request.endpoint != "generate":
        return None
    cascade = record.decision.cascade
    found = next((one for one in cascade if one.deployment == answered.deployment), None)
    return found if found is not None and found.model_class == STRONGEST else None


def _with(before: Premium, record: Record, verdicts: Mapping[str, Outcome]) -> Premium:
    costs = [a.cost for a in record.attempts if a.usage is not None]
    known = [cost for cost in costs if cost is not None]
    begins = record.decision.boundary is None or record.decision.boundary.cause != "loop"
    verdict = verdicts.get(record.decision.id)
    return Premium(
        kind=before.kind,
        says=before.says,
        until=before.until,
        calls=before.calls + 1,
        cost=before.cost + sum(known, Decimal(0)),
        unpriced=before.unpriced + (len(known) < len(costs) or not costs),
        accepted=before.accepted + (verdict is not None and verdict.accepted),
        failed=before.failed + (verdict is not None and not verdict.accepted),
        unknown=before.unknown + (begins and verdict is None),
    )
