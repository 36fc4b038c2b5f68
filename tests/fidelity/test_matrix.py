"""Nothing is lost in silence: what does not arrive stands in the decision, or is refused."""

from __future__ import annotations

import pytest

from fidelity.features import FEATURES, Feature
from fidelity.matrix import PAIRS, cell
from rolecall.types import Dialect

CELLS = [(f, *pair) for f in FEATURES for pair in PAIRS if pair[0] in f.bodies]


@pytest.mark.parametrize(
    ("feature", "source", "target"), CELLS, ids=[f"{f.name}: {a} to {b}" for f, a, b in CELLS]
)
def test_no_silent_loss(feature: Feature, source: Dialect, target: Dialect) -> None:
    assert cell(feature, source, target).fate != "silent"
