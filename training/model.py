"""Features to matrix, fitting, held-out chances and their temperature."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from rolecall.routing import ngrams
from rolecall.routing.typed import typed
from rolecall.types import Kind
from training.data import Prompt

FEATURES = ngrams.VERSION
SHARE = {"words": 1.0, "pieces": 1.0, "marks": 0.25, "cues": 0.25}
"""How much each sort of features counts against the others."""
KINDS: tuple[Kind, ...] = (
    "architecture",
    "debugging",
    "refactor",
    "review",
    "implement",
    "fix",
    "tests",
    "docs",
    "transform",
    "question",
    "followup",
)
"""What text can tell. `chore` and `completion` are told by structure."""
STRENGTH = 10.0
"""Inverse of the L2 penalty."""
FOLDS = 10
CUES = ngrams.load_cues()

Chances: TypeAlias = Any
"""An array: a row per prompt, a column per kind."""
Features = Callable[[Prompt], dict[int, float]]


class Fitted(Struct, frozen=True, kw_only=True):
    """`matrix` has a row for each of `hashes` and a column for each of `kinds`."""

    hashes: list[int]
    kinds: tuple[Kind, ...]
    matrix: Any
    bias: Any


def features(prompt: Prompt) -> dict[int, float]:
    """Every feature with its share, as `rolecall.routing.kinds` reads them."""
    turn = typed(prompt.prompt)
    words = ngrams.words_of(turn.words)
    hashes = {ngrams.word(word) for word in words}
    hashes.update(ngrams.pair(a, b) for a, b in pairwise(words))
    hashes.update(ngrams.beginnings(words))
    found: dict[int, float] = {}
    _add(found, hashes, SHARE["words"] / math.sqrt(len(hashes) or 1))
    pieces = [piece for word in set(words) for piece in ngrams.pieces(word)]
    _add(found, pieces, SHARE["pieces"] / math.sqrt(len(pieces) or 1))
    marks = ngrams.marks_of(turn)
    if prompt.place is not None:
        marks.append(ngrams.word(f"\0{prompt.place}"))
    _add(found, marks, SHARE["marks"])
    _add(found, ngrams.cues_of(words, CUES), SHARE["cues"])
    return found


def plain_ngrams(prompt: Prompt) -> dict[int, float]:
    """The baseline: hashed words, pairs and pieces of the whole prompt, nothing taken out."""
    words = ngrams.words_of(prompt.prompt[:3_000])
    hashes = [ngrams.word(word) for word in words]
    hashes += [ngrams.pair(a, b) for a, b in pairwise(words)]
    pieces = [piece for word in words for piece in ngrams.pieces(word)]
    found: dict[int, float] = {}
    _add(found, hashes, 1 / math.sqrt(len(hashes) or 1))
    _add(found, pieces, 1 / math.sqrt(len(pieces) or 1))
    return found


def _add(found: dict[int, float], hashes: Sequence[int] | set[int], share: float) -> None:
    for feature in hashes:
        found[feature] = found.get(feature, 0.0) + share


def fit(prompts: Sequence[Prompt], read: Features = features) -> Fitted:
    """Logistic regression with an L2 penalty; kinds weigh the same whatever their number."""
    rows = [read(prompt) for prompt in prompts]
    names = {name: n for n, name in enumerate(dict.fromkeys(name for row in rows for name in row))}
    model = LogisticRegression(C=STRENGTH, max_iter=3_000, class_weight="balanced")
    model.fit(_matrix(rows, names), [KINDS.index(prompt.kind) for prompt in prompts])
    return Fitted(
        hashes=list(names),
        kinds=tuple(KINDS[n] for n in model.classes_),
        matrix=model.coef_.T,
        bias=model.intercept_,
    )


def chances(fitted: Fitted, prompts: Sequence[Prompt], read: Features = features) -> Chances:
    """One row per prompt, one column for each of `KINDS`; rows add up to one."""
    names = {name: n for n, name in enumerate(fitted.hashes)}
    scores = _matrix([read(prompt) for prompt in prompts], names) @ fitted.matrix + fitted.bias
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    found = np.zeros((len(prompts), len(KINDS)))
    found[:, [KINDS.index(kind) for kind in fitted.kinds]] = powers
    return found / found.sum(axis=1, keepdims=True)


def held_out(
    dev: Sequence[Prompt], written: Sequence[Prompt], read: Features = features
) -> Chances:
    """Chances for each collected prompt by a model that saw nothing of its repository."""
    found = np.zeros((len(dev), len(KINDS)))
    for train, test in GroupKFold(FOLDS).split(dev, groups=[prompt.group for prompt in dev]):
        fitted = fit([*(dev[n] for n in train), *written], read)
        found[test] = chances(fitted, [dev[n] for n in test], read)
    return found


def temperature(found: Chances, dev: Sequence[Prompt]) -> float:
    """What the scores are divided by so that the log loss of held-out prompts is least."""
    truth = [KINDS.index(prompt.kind) for prompt in dev]

    def loss(heat: float) -> float:
        warm = heated(found, heat)
        return float(-np.log(warm[np.arange(len(dev)), truth] + 1e-12).mean())

    return float(minimize_scalar(loss, bounds=(0.3, 5.0), method="bounded").x)


def heated(found: Chances, heat: float) -> Chances:
    """The same chances at another temperature."""
    powers = np.power(found + 1e-12, 1 / heat)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _matrix(rows: Sequence[dict[int, float]], names: dict[int, int]) -> Any:
    told = [
        (n, names[name], share)
        for n, row in enumerate(rows)
        for name, share in row.items()
        if name in names
    ]
    row, column, share = zip(*told, strict=True)
    return csr_matrix((share, (row, column)), shape=(len(rows), len(names)))
