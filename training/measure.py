"""How often the text model is right: `python -m training.measure [--prompts FILE]` prints Markdown.

Every collected prompt is judged by a model that saw nothing of its repository (ten folds, grouped).
Shares come with Wilson's 95 % interval (Wilson 1927).
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rolecall.config.build import KIND_ROLES
from rolecall.config.settings import RoutingSettings
from rolecall.types import Kind
from training.data import PROMPTS, Prompt, dev_prompts, written_prompts
from training.keywords import by_keywords
from training.model import KINDS, Chances, heated, held_out, plain_ngrams, temperature

ROLES = ("plan", "review", "code", "fast", "keep")
"""`keep` is what a follow-up says: the role in force."""
HARD = ("plan", "review")
STEPS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9)
Z = 1.96


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=Path, default=PROMPTS)
    dev = dev_prompts(parser.parse_args().prompts)
    written = written_prompts()
    found = held_out(dev, written)
    chances = heated(found, temperature(found, dev))
    print(f"{len(dev)} prompts of {len({p.group for p in dev})} repositories.\n")
    print(baselines(dev, chances))
    print(coverage(dev, chances))
    print(per_kind(dev, chances))
    print(confusion(dev, chances))
    print(unread(dev, chances))


def role_of(kind: Kind) -> str:
    return KIND_ROLES.get(kind, "keep")


def roles(chances: Chances) -> tuple[list[str], list[float]]:
    """The likeliest role of each prompt and its chance: that of its kinds together."""
    sums = np.stack(
        [chances[:, [role_of(k) == role for k in KINDS]].sum(axis=1) for role in ROLES], axis=1
    )
    return [ROLES[n] for n in sums.argmax(axis=1)], [float(value) for value in sums.max(axis=1)]


def share(right: int, of: int) -> str:
    """`0.61 (0.56 to 0.66)`: a share and Wilson's interval."""
    if of == 0:
        return "none"
    p = right / of
    middle = (p + Z * Z / (2 * of)) / (1 + Z * Z / of)
    half = Z * math.sqrt(p * (1 - p) / of + Z * Z / (4 * of * of)) / (1 + Z * Z / of)
    return f"{p:.2f} ({max(0, middle - half):.2f} to {min(1, middle + half):.2f})"


def macro(told: Sequence[str], truth: Sequence[str]) -> float:
    """The mean over classes of the share that is told right."""
    classes = sorted(set(truth))
    hits = [[a == b for a, b in zip(told, truth, strict=True) if b == one] for one in classes]
    return sum(sum(row) / len(row) for row in hits) / len(classes)


def baselines(dev: list[Prompt], chances: Chances) -> str:
    alone = [Prompt(prompt=p.prompt, kind=p.kind, group=p.group) for p in dev]
    most = max(KINDS, key=lambda kind: sum(p.kind == kind for p in dev))
    told: dict[str, list[Kind]] = {
        "most frequent kind": [most] * len(dev),
        "keyword rules": [by_keywords(p.prompt) for p in dev],
        "hashed n-grams alone": likeliest(held_out(alone, [], plain_ngrams)),
        "the model, collected prompts only": likeliest(held_out(dev, [])),
        "the model as shipped": likeliest(chances),
    }
    head = "| method | kind | kind, macro | kind or a plausible other | role | role, macro |"
    lines = [head, "|---|---|---|---|---|---|"]
    truth = [p.kind for p in dev]
    truth_roles = [role_of(kind) for kind in truth]
    for name, kinds in told.items():
        as_roles = [role_of(kind) for kind in kinds]
        if name == "the model as shipped":
            as_roles = roles(chances)[0]
        right = sum(a == b for a, b in zip(kinds, truth, strict=True))
        near = sum(k == p.kind or k in p.also for k, p in zip(kinds, dev, strict=True))
        role = sum(a == b for a, b in zip(as_roles, truth_roles, strict=True))
        by_kind = f"{share(right, len(dev))} | {macro(kinds, truth):.2f} | {near / len(dev):.2f}"
        by_role = f"{share(role, len(dev))} | {macro(as_roles, truth_roles):.2f}"
        lines.append(f"| {name} | {by_kind} | {by_role} |")
    return "\n".join([*lines, ""])


def likeliest(chances: Chances) -> list[Kind]:
    return [KINDS[n] for n in chances.argmax(axis=1)]


def coverage(dev: list[Prompt], chances: Chances) -> str:
    """At each confidence: how many are decided, how often right, what is played down or up."""
    told, sure = roles(chances)
    truth = [role_of(p.kind) for p in dev]
    rows = list(zip(told, sure, truth, strict=True))
    hard = [row for row in rows if row[2] in HARD]
    easy = [row for row in rows if row[2] not in HARD]
    columns = ("confidence from", "decided", "right where decided", "mean confidence there")
    head = " | ".join((*columns, "hard work decided as fast", "easy work decided as hard"))
    lines = [f"| {head} |", "|---|---|---|---|---|---|"]
    for step in STEPS:
        decided = [row for row in rows if row[1] >= step]
        right = sum(row[0] == row[2] for row in decided)
        mean = sum(row[1] for row in decided) / max(1, len(decided))
        down = sum(row[0] == "fast" and row[1] >= step for row in hard)
        up = sum(row[0] in HARD and row[1] >= step for row in easy)
        mark = " (default)" if step == RoutingSettings().text_confidence else ""
        lines.append(
            f"| {step:g}{mark} | {len(decided) / len(rows):.2f} | {share(right, len(decided))} | "
            f"{mean:.2f} | {share(down, len(hard))} | {share(up, len(easy))} |"
        )
    return "\n".join([*lines, ""])


def per_kind(dev: list[Prompt], chances: Chances) -> str:
    told = likeliest(chances)
    lines = ["| kind | prompts | told right | of those told so, right |", "|---|---|---|---|"]
    for kind in KINDS:
        pairs = [(a, p.kind) for a, p in zip(told, dev, strict=True)]
        of = [pair for pair in pairs if pair[1] == kind]
        so = [pair for pair in pairs if pair[0] == kind]
        right = sum(a == b for a, b in of)
        lines.append(f"| {kind} | {len(of)} | {share(right, len(of))} | {share(right, len(so))} |")
    return "\n".join([*lines, ""])


def confusion(dev: list[Prompt], chances: Chances) -> str:
    """Rows are what it was, columns what it was told as."""
    told = likeliest(chances)
    lines = [f"| | {' | '.join(KINDS)} |", "|---" * (len(KINDS) + 1) + "|"]
    for kind in KINDS:
        mine = [a for a, p in zip(told, dev, strict=True) if p.kind == kind]
        row = [mine.count(k) for k in KINDS]
        lines.append(f"| **{kind}** | {' | '.join(str(n) if n else '·' for n in row)} |")
    return "\n".join([*lines, ""])


def unread(dev: list[Prompt], chances: Chances) -> str:
    """What would be lost if the text were not read: every turn would play the default role."""
    told, sure = roles(chances)
    limit = RoutingSettings().text_confidence
    default = RoutingSettings().default_role
    lines = ["| true role | prompts | words unread | words read |", "|---|---|---|---|"]
    for role in ROLES[:4]:
        mine = [n for n, p in enumerate(dev) if role_of(p.kind) == role]
        played = [told[n] if sure[n] >= limit else default for n in mine]
        as_played = [default if one == "keep" else one for one in played]
        read = sum(one == role for one in as_played)
        without = len(mine) if role == default else 0
        lines.append(
            f"| {role} | {len(mine)} | {share(without, len(mine))} | {share(read, len(mine))} |"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
