"""The matrix of docs/fidelity.md: each feature, from each dialect into each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from fidelity.features import FEATURES as MAIN_FEATURES
from fidelity.features import PLAIN as MAIN_PLAIN
from fidelity.features import Feature
from fidelity.more import MORE, MORE_PLAIN
from rolecall.types import MAIN_DIALECTS, Dialect
from rolecall.wire.translate.conversation import Goal
from rolecall.wire.translate.effort import LEVELS
from rolecall.wire.translate.losses import Refused
from rolecall.wire.translate.table import understood, written

PLAIN = {**MAIN_PLAIN, **MORE_PLAIN}
FEATURES = [
    Feature(one.name, one.reads, {**one.bodies, **MORE.get(one.name, {})}) for one in MAIN_FEATURES
]
CLIENTS: tuple[Dialect, ...] = tuple(PLAIN)
PAIRS: list[tuple[Dialect, Dialect]] = [
    (client, spoken) for client in CLIENTS for spoken in MAIN_DIALECTS if client != spoken
]
GOAL = Goal(model="m", maker="p/m", max_output=64_000, efforts=LEVELS)
Fate = Literal["carried", "lost", "rejected", "silent"]


class Cell(Struct, frozen=True):
    """What becomes of a feature, and what the decision says of it."""

    fate: Fate
    says: str = ""


def cell(feature: Feature, source: Dialect, target: Dialect) -> Cell:
    body = msgspec.json.encode({**PLAIN[source], **feature.bodies[source]})
    goal = GOAL if target != "anthropic.messages" else _thinking(feature)
    try:
        heard = understood(source, body)
        told = written(heard, target, goal)
    except Refused as refusal:
        return Cell("rejected", str(refusal))
    again = understood(target, told.body).conversation
    asked = feature.reads(heard.conversation)
    if asked is not None and feature.reads(again) == asked:
        return Cell("carried")
    plain = written(understood(source, msgspec.json.encode(PLAIN[source])), target, goal).losses
    new = [says for says in told.losses if says not in plain]
    return Cell("lost", "; ".join(new)) if new else Cell("silent")


def _thinking(feature: Feature) -> Goal:
    """A model that thinks takes no sampling; where that is not the point, it is one that may."""
    thinks = "reasoning" in feature.name or "thinking" in feature.name
    return msgspec.structs.replace(GOAL, thinking="adaptive" if thinks else None)


def rows() -> Iterator[tuple[Feature, dict[tuple[Dialect, Dialect], Cell]]]:
    for feature in FEATURES:
        pairs = [pair for pair in PAIRS if pair[0] in feature.bodies]
        yield feature, {pair: cell(feature, *pair) for pair in pairs}
