"""Ask each provider of the stack for a word in each dialect that it is said to speak."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.config.settings import TimeoutSettings
from rolecall.egress.door import Door
from rolecall.egress.trial import answers
from rolecall.routing.spoken import FILLING
from rolecall.types import Deployment, Dialect, Snapshot

_PATIENCE = 60.0
"""Seconds without a byte; a model at home may have to be loaded first."""


async def probed(
    snapshot: Snapshot, secrets: Mapping[str, str]
) -> dict[tuple[str, Dialect], str | None]:
    """By deployment and dialect what is wrong; None where it answers. Costs a few tokens each.

    Completions of a text are not asked for: providers serve them for a model or two alone.
    """
    async with Door(secrets, TimeoutSettings(silence=_PATIENCE)) as door:
        return {
            (one.name, dialect): await answers(
                door, snapshot.providers[one.provider], one, dialect=dialect
            )
            for one in _first_of_each(snapshot)
            for dialect in snapshot.providers[one.provider].endpoints
            if dialect not in FILLING
        }


def _first_of_each(snapshot: Snapshot) -> list[Deployment]:
    """One deployment stands for its provider: the dialects are the provider's."""
    found: dict[str, Deployment] = {}
    for deployment in snapshot.deployments.values():
        found.setdefault(deployment.provider, deployment)
    return list(found.values())
