"""Several questions asked at once: with what evidence each may be answered.

Source: S. Holm, Scandinavian J. of Statistics 6 (1979) 65, with weights (his section 4). The chance
that any true claim is refuted is at most `d`, also where evidence is looked at again and again, as
1/e is a p-value that holds at any time.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TypeVar

Question = TypeVar("Question", bound=Hashable)


def needed(
    evidence: Mapping[Question, float], weights: Mapping[Question, float], d: float
) -> dict[Question, float]:
    """The evidence at which each is refuted, those refuted before it taken into account.

    The strongest, by its weight, has to bear all questions; each that is refuted leaves its part to
    the others. Raises `ValueError` where `d` is no chance.
    """
    if not 0 < d < 1:
        raise ValueError(f"{d} is no chance of an error; give one between 0 and 1")
    open_ = sorted(evidence, key=lambda name: -evidence[name] * weights[name])
    found: dict[Question, float] = {}
    held = False
    total = 0.0
    for place, name in enumerate(open_):
        if not held:
            total = math.fsum(weights[other] for other in open_[place:])
        found[name] = total / (weights[name] * d)
        held = held or evidence[name] < found[name]
    return found
