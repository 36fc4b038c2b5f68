"""What `types.Evidence` holds likely: shares solved by class, and what a second model helps.

Computed from the public tables that docs/bench.md describes. A model has the class of the
catalogue; one that the catalogue does not have, the one that is written here; others are left out
and named. Usage: python -m benchmarks.evidence --data FOLDER
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import mean, median

from rolecall.catalogue.models import load_facts
from rolecall.measure.outcomes import PLACES, Table, load
from rolecall.types import ModelClass

_FEWEST = 20
"""Failures of a first model below which nothing is said of a second."""
_OPEN = ("deepseek-", "glm-5", "kimi-k2", "minimax-", "nemotron-", "qwen3-coder-480b", "trinity-")
_NAMED: tuple[tuple[ModelClass, tuple[str, ...]], ...] = (
    ("open-weight", _OPEN),
    ("fast", ("gemini-3-flash", "qwen3.5-flash", "gpt-5-mini", "claude-4-5-haiku")),
    ("coding", ("gpt-5-2-codex", "claude-4-5-sonnet")),
    ("frontier", ("gemini-3.1-pro", "claude-4-5-opus", "claude-4-6-opus")),
)
"""By how a name begins."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.evidence")
    parser.add_argument("--data", type=Path, required=True)
    folder: Path = parser.parse_args().data
    known = {name.lower(): model.model_class for name, model in load_facts().named().items()}
    for name in PLACES:
        table = load(name, folder)
        print(f"{name}: {len(table.tasks)} tasks")
        for line in _classes(table, known):
            print(f"  {line}")
        print(f"  a second model, where a first has failed: {_again(table)}")


def _classes(table: Table, known: Mapping[str, ModelClass]) -> Iterator[str]:
    by_class: dict[str, list[str]] = defaultdict(list)
    for model in table.runs:
        by_class[known.get(model.lower()) or _named(model) or "left out"].append(model)
    for kind, models in sorted(by_class.items()):
        share = mean(_solved(table, model) for model in models)
        told = "" if kind == "left out" else f"{share:.3f} "
        yield f"{kind:<12}{told}{len(models)}: {', '.join(sorted(models))}"


def _named(model: str) -> ModelClass | None:
    starts = ((kind, name) for kind, names in _NAMED for name in names)
    return next((kind for kind, name in starts if model.lower().startswith(name)), None)


def _solved(table: Table, model: str) -> float:
    return mean(run.solved for run in table.runs[model])


def _again(table: Table) -> str:
    """P(second solves | first failed) / P(second solves), over pairs of models."""
    found = []
    for first, runs in table.runs.items():
        failed = [place for place, run in enumerate(runs) if not run.solved]
        for second in table.runs:
            if second != first and len(failed) >= _FEWEST:
                after = mean(table.runs[second][place].solved for place in failed)
                found.append(after / _solved(table, second))
    tenth = len(found) // 10
    ordered = sorted(found)
    return (
        f"{median(found):.2f} times as likely as otherwise, in the middle of {len(found)} pairs; "
        f"a tenth below {ordered[tenth]:.2f}, a tenth above {ordered[-tenth - 1]:.2f}"
    )


if __name__ == "__main__":
    main()
