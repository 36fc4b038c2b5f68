"""What outcomes come to: by topic and deployment, discounted by age, with the bound of 7.6."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime

from rolecall.measure.binomial import upper_bound
from rolecall.measure.sequential import worse_than
from rolecall.types import HOWS, WEAK, Outcome, Standing, place

_HALF_LIFE = 90.0
"""Days after which an outcome counts half: models and repositories change."""
_HINT = 0.25
"""What counts for an outcome that nothing verifies."""
_REFUTES = 20.0
"""Evidence against the promise at which it is withdrawn: it is kept and this is reached in at most
one case of twenty, however often one looks (Ville)."""
_MOST = 300
"""The newest decisions of a topic and deployment that count."""


def of(outcomes: Iterable[Outcome], at: datetime, allowed: float) -> Standing:
    """What outcomes of different decisions come to."""
    accepted = failed = 0.0
    passed = lost = 0
    for one in outcomes:
        age = max((at - one.at).total_seconds(), 0.0) / 86_400
        weight = 0.5 ** (age / _HALF_LIFE) * (_HINT if one.how in WEAK else 1.0)
        verified = one.how not in WEAK
        if one.accepted:
            accepted, passed = accepted + weight, passed + verified
        else:
            failed, lost = failed + weight, lost + verified
    trials = passed + lost
    return Standing(
        accepted=round(accepted, 3),
        failed=round(failed, 3),
        passed=passed,
        lost=lost,
        bound=round(upper_bound(lost, trials), 4),
        refuted=lost > 0 and worse_than(allowed, lost, passed) >= _REFUTES,
    )


def stronger(one: Outcome, other: Outcome | None) -> bool:
    """Which of two words on the same decision counts: the better proof, of equals the newer."""
    if other is None:
        return True
    return (HOWS.index(one.how), one.at) >= (HOWS.index(other.how), other.at)


class Scoreboard:
    """The standings in force. `standings` is replaced, never changed: decisions may hold on to it.

    Raises `ValueError` where `allowed` is not between 0 and 1.
    """

    def __init__(self, outcomes: Iterable[Outcome], at: datetime, allowed: float) -> None:
        self._allowed = allowed
        self._by_place: dict[str, OrderedDict[str, Outcome]] = {}
        self._places: dict[str, str] = {}
        self.standings: Mapping[str, Standing] = {}
        self.take(outcomes, at)

    def take(self, outcomes: Iterable[Outcome], at: datetime) -> None:
        """Take up what has become known."""
        changed = {self._keep(one) for one in outcomes}
        if changed:
            new = {name: of(self._by_place[name].values(), at, self._allowed) for name in changed}
            self.standings = {**self.standings, **new}

    def _keep(self, one: Outcome) -> str:
        name = place(one.topic, one.deployment)
        known = self._by_place.setdefault(name, OrderedDict())
        if stronger(one, known.get(one.decision)):
            known[one.decision] = one
            if len(known) > _MOST:
                known.popitem(last=False)
        return name
