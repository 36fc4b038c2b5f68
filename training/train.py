"""Train the text model: `python training/train.py [--prompts FILE] [--out FILE]`.

Reads labelled prompts (`training/README.md` says which), writes `src/rolecall/routing/kinds.bin`.
Needs `pip install scikit-learn`; rolecall itself does not.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec
import numpy as np

from rolecall.routing.kinds import Weights
from training.data import PROMPTS, Prompt, dev_prompts, written_prompts
from training.model import FEATURES, SHARE, Fitted, fit, held_out, temperature

OUT = Path(__file__).parents[1] / "src" / "rolecall" / "routing" / "kinds.bin"
KEPT = 12_000
"""Features that are kept: those with the largest weights."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=Path, default=PROMPTS)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    dev, written = dev_prompts(options.prompts), written_prompts()
    weights = shipped(dev, written)
    options.out.write_bytes(msgspec.msgpack.encode(weights))
    print(f"{options.out}: {options.out.stat().st_size / 1000:.0f} kB, {weights.about}")


def shipped(dev: list[Prompt], written: list[Prompt]) -> Weights:
    """Weights from all prompts, pruned, in signed bytes; their temperature from held-out groups."""
    fitted = fit(dev + written)
    chances = held_out(dev, written)
    heat = temperature(chances, dev)
    about = f"{len(dev)} collected and {len(written)} written prompts, features {FEATURES}"
    return packed(fitted, heat, about)


def packed(fitted: Fitted, heat: float, about: str) -> Weights:
    strength = np.abs(fitted.matrix).max(axis=1)
    kept = np.argsort(-strength)[:KEPT]
    scale = float(strength.max() / 127)
    rows = np.round(fitted.matrix[kept] / scale).astype(np.int8)
    telling = np.abs(rows).max(axis=1) > 0
    hashes = np.array(fitted.hashes, dtype="<u4")[kept][telling]
    return Weights(
        features=FEATURES,
        about=about,
        kinds=fitted.kinds,
        bias=tuple(float(round(value, 4)) for value in fitted.bias),
        scale=scale,
        temperature=round(heat, 3),
        share=SHARE,
        hashes=hashes.tobytes(),
        rows=rows[telling].tobytes(),
    )


if __name__ == "__main__":
    main()
