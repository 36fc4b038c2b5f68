"""Nothing is lost in silence: what does not arrive stands in the decision, or is refused."""

from __future__ import annotations

import pytest

from fidelity.answers import FEATURES as ANSWERS
from fidelity.answers import AnswerFeature, fate, ways
from fidelity.features import Feature
from fidelity.matrix import FEATURES, PAIRS, cell
from rolecall.types import Dialect

CELLS = [(f, *pair) for f in FEATURES for pair in PAIRS if pair[0] in f.bodies]


@pytest.mark.parametrize(
    ("feature", "source", "target"), CELLS, ids=[f"{f.name}: {a} to {b}" for f, a, b in CELLS]
)
def test_no_silent_loss(feature: Feature, source: Dialect, target: Dialect) -> None:
    assert cell(feature, source, target).fate != "silent"


WAYS = [(f, *way) for f in ANSWERS for way in ways(f)]


@pytest.mark.parametrize(
    ("feature", "spoken", "client", "stream"),
    WAYS,
    ids=[f"{f.name}: {a} to {b} {'streamed' if s else 'whole'}" for f, a, b, s in WAYS],
)
def test_no_silent_loss_in_answers(
    feature: AnswerFeature, spoken: Dialect, client: Dialect, *, stream: bool
) -> None:
    assert fate(feature, spoken, client, stream=stream) != "silent"
