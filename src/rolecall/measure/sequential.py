"""Evidence that may be looked at any time: e-processes, whose chance of ever exceeding 1/d is d.

Sources: A. Ramdas, P. Grunwald, V. Vovk and G. Shafer, Statistical Science 38 (2023) 576, sections
2 and 3; the mixture for pairs is that of R. E. Krichevsky and V. K. Trofimov, IEEE Transactions on
Information Theory 27 (1981) 199.
"""

from __future__ import annotations

import math

_GRID = 40
"""Rates that the mixture of `worse_than` bets on."""


def pairs_differ(only_first: int, only_second: int) -> float:
    """Evidence against "either wins equally often" from pairs in which one alone succeeded.

    One is no evidence; above 1/d the claim is refuted at level d, whenever one looks.
    """
    pairs = only_first + only_second
    half = 0.5
    log = (
        _log_beta(only_first + half, only_second + half)
        - _log_beta(half, half)
        + pairs * math.log(2)
    )
    return math.exp(min(log, 700.0))


def worse_than(allowed: float, failures: int, successes: int) -> float:
    """Evidence against "the rate of failures is at most `allowed`".

    A mixture of bets on higher rates, each a likelihood ratio; the order of results is no matter.
    Raises `ValueError` where `allowed` is not between 0 and 1.
    """
    if not 0 < allowed < 1:
        raise ValueError(f"the allowed rate is {allowed}; give one between 0 and 1")
    logs = []
    for number in range(1, _GRID + 1):
        rate = allowed + (1 - allowed) * number / (_GRID + 1)
        won, lost = math.log(rate / allowed), math.log((1 - rate) / (1 - allowed))
        logs.append(failures * won + successes * lost)
    most = max(logs)
    total = most + math.log(math.fsum(math.exp(one - most) for one in logs) / _GRID)
    return math.exp(min(total, 700.0))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
