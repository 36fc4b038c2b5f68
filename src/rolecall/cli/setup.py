"""What every command needs first: the settings in force and the world they describe."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import platformdirs
import typer

from rolecall.config.build import build
from rolecall.config.known import Known
from rolecall.config.load import LEDGER_NAME, config_file, data_folder, environment, load
from rolecall.config.overlays import in_force
from rolecall.config.propose import (
    Engine,
    embedded_only,
    hosted,
    propose,
    uses_embedded,
    with_embedded,
)
from rolecall.config.settings import Settings, TimeoutSettings
from rolecall.egress.door import Door
from rolecall.engines.context import Server, engine_asker, servers, traits
from rolecall.engines.detect import Found, find
from rolecall.privacy.policy import Policy, wants_secrets
from rolecall.routing.rules import RuleBook
from rolecall.types import Rules, Snapshot, Traits

NOT_RUNNING = "http://127.0.0.1:0/v1"
"""Stands for the embedded engine's address in commands that send nothing."""


def catalogue() -> Known:
    """What is known of models, providers and prices, with the newest refresh.

    What is wrong with a refresh is said on standard error, and the one before it stays in force.
    """
    known, wrong = in_force(data_folder())
    for says in wrong:
        typer.echo(f"rolecall: {says}", err=True)
    return known


def settings_in_force(config: Path | None, known: Known) -> Settings:
    """The file's settings, or a proposal from what is found on this machine."""
    path = config_file(config, Path.cwd())
    if path is not None:
        return load(path)
    engines = [e for e in engines_found(known) if e.models]
    keys = hosted(known.presets, environment())
    return propose(keys, [Engine(name=e.name, models=e.models) for e in engines])


def engines_found(known: Known) -> tuple[Found, ...]:
    """The local engines that answer on their usual ports."""
    return asyncio.run(_ask(known))


async def _ask(known: Known) -> tuple[Found, ...]:
    async with Door({}, TimeoutSettings()) as door:
        ask = engine_asker(door)

        async def fetch(url: str) -> bytes | None:
            return await ask(url, None)

        return await find(tuple(known.engines.values()), fetch)


def traits_of_engines(snapshot: Snapshot, known: Known) -> dict[str, Traits]:
    """What the engines of a stack say of their models."""
    asked = servers(snapshot, known.engines)
    return asyncio.run(_traits(asked)) if asked else {}


async def _traits(asked: tuple[Server, ...]) -> dict[str, Traits]:
    async with Door({}, TimeoutSettings()) as door:
        return await traits(asked, engine_asker(door))


def world(settings: Settings, known: Known, book: RuleBook) -> Snapshot:
    """The world for commands that send nothing."""
    if uses_embedded(settings):
        settings = with_embedded(settings, NOT_RUNNING)
    return build(settings, known, rules=book.version, at=datetime.now(UTC))


def policy_of(found: Rules) -> Policy:
    """The rules of privacy, ready. Compiling the secret scanner takes 0.4 s, 5 s the first time."""
    if not wants_secrets(found.rules):
        return Policy(found, None)
    from rolecall.privacy.secrets import SecretScanner  # noqa: PLC0415 (36 MB that few need)

    return Policy(found, SecretScanner(str(Path(platformdirs.user_cache_dir("rolecall")))))


def ledger_path(settings: Settings) -> Path:
    given = settings.ledger.path
    return Path(given).expanduser() if given else data_folder() / LEDGER_NAME


def settings_offline(config: Path | None) -> Settings:
    """The file's settings, or the smallest ones, for what needs no stack; nothing is probed."""
    path = config_file(config, Path.cwd())
    return load(path) if path is not None else embedded_only()
