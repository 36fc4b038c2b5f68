"""How old a fact is, and when that is too old to rely on. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from rolecall.catalogue.lifecycle import ENDED, stage
from rolecall.catalogue.models import Facts, Surface

ON_DISK = ("ollama", "lmstudio", "codex-oss", "huggingface")
"""Surfaces that run on one's own machine, or are where such weights come from."""


class Patience(Struct, frozen=True, kw_only=True):
    """Days after which a fact counts as stale: any fact, and what is said of an end."""

    facts: int = 45
    lifecycle: int = 14


def age(facts: Facts, keys: Iterable[str], day: date) -> int:
    """Days since the newest of these sources spoke."""
    return (day - max(facts.sources[key].dated for key in keys)).days


def stale(facts: Facts, surface: Surface, patience: Patience, day: date) -> bool:
    """Whether what is said of a surface is too old to propose it to anybody.

    What has ended stays ended, and weights on one's own disk have no end.
    """
    if stage(surface, day) in ENDED:
        return False
    limit = patience.facts if surface.on in ON_DISK else patience.lifecycle
    return age(facts, surface.sources, day) > limit
