"""`rolecall up`: start the gateway."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType
from typing import Annotated

import msgspec
import typer

from rolecall.cli.options import Config
from rolecall.cli.print_stack import print_start
from rolecall.cli.setup import (
    catalogue,
    ledger_path,
    policy_of,
    settings_in_force,
    traits_of_engines,
    world,
)
from rolecall.config.build import keys, with_traits
from rolecall.config.load import environment
from rolecall.config.notices import remarks
from rolecall.config.private import networks, privacy
from rolecall.config.propose import uses_embedded, with_embedded
from rolecall.config.rules import rules_in_force
from rolecall.config.settings import Settings
from rolecall.dashboard.site import is_installed, site
from rolecall.engines import embedded
from rolecall.engines.context import servers
from rolecall.errors import ConfigError, StartError
from rolecall.gateway.access import LOOPBACK, Access
from rolecall.gateway.guard import Guard
from rolecall.gateway.intake import Limits
from rolecall.gateway.run import Plan, bind, forbid_core_dumps, hold_signals, run
from rolecall.ledger import taints
from rolecall.ledger.store import Ledger, open_ledger
from rolecall.routing.costs import pricing
from rolecall.routing.signals import recogniser
from rolecall.types import Rules


def up(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; 0 picks a free one.")
    ] = None,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="End when standard input does.")
    ] = False,
) -> None:
    """Start the gateway and say how to connect a client."""
    forbid_core_dumps()
    if with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    known = catalogue()
    settings = _with_address(settings_in_force(config, known), host, port)
    book = rules_in_force(settings)
    access = admission(settings)
    secrets = keys(settings, world(settings, known, book), environment())
    with ExitStack() as stack:
        listening = stack.enter_context(bind(settings.server.host, settings.server.port))
        ledger = open_ledger(ledger_path(settings))
        stack.callback(ledger.close)
        settings = _with_engine(settings, stack)
        snapshot = world(settings, known, book)
        snapshot = with_traits(snapshot, traits_of_engines(snapshot, known))
        ledger.keep_snapshot(snapshot)
        told = remarks(snapshot.deployments, known, settings.catalogue, snapshot.at)
        hold_signals()
        print_start(snapshot, settings.source, ledger.path, listening.getsockname(), told)
        signal.signal(signal.SIGTERM, _stop)
        plan = Plan(
            world=snapshot,
            recogniser=recogniser(book),
            access=access,
            limits=_limits(settings),
            timeouts=settings.timeouts,
            keys=secrets,
            price=pricing(known.prices, snapshot),
            ledger=ledger,
            networks=networks(settings),
            guard=guard_of(ledger, settings),
            site=site(known, settings, config) if is_installed() else None,
            engines=servers(snapshot, known.engines),
        )
        run(plan, listening)


def guard_of(ledger: Ledger, settings: Settings) -> Callable[[], Guard] | None:
    """Nothing is loaded where no rule of privacy is written."""
    found = privacy(settings)
    if found == Rules() and not taints.in_force(ledger):
        return None
    seconds = settings.privacy.scan_seconds
    return lambda: Guard(policy_of(found), ledger, seconds)


def _with_address(settings: Settings, host: str | None, port: int | None) -> Settings:
    server = settings.server
    if host is not None:
        server = msgspec.structs.replace(server, host=host)
    if port is not None:
        server = msgspec.structs.replace(server, port=port)
    return msgspec.structs.replace(settings, server=server)


def admission(settings: Settings) -> Access:
    """Who may come in. Beyond this machine only with a token."""
    server = settings.server
    token = environment().get(server.token_env) if server.token_env else None
    if server.token_env and not token:
        raise ConfigError(
            f"{settings.source}: [server] token_env names {server.token_env}, which is not set; "
            "export it, or remove the key"
        )
    people = _people(settings)
    if server.host not in LOOPBACK and token is None and not people:
        raise ConfigError(
            f"{server.host} can be reached from other machines, and no token is set; "
            "name one in [server] token_env, or listen on 127.0.0.1"
        )
    beyond = server.host not in LOOPBACK and not server.allowed_hosts
    hosts = frozenset() if beyond else LOOPBACK | {h.lower() for h in server.allowed_hosts}
    return Access(token=token, people=people, hosts=hosts)


def _people(settings: Settings) -> dict[str, str]:
    """Each person's own token."""
    found = {name: environment().get(var, "") for name, var in settings.server.people.items()}
    for name, token in found.items():
        if not token:
            raise ConfigError(
                f"{settings.source}: [server.people] {name} names {settings.server.people[name]}, "
                "which is not set; export it, or remove the line"
            )
    return found


def _with_engine(settings: Settings, stack: ExitStack) -> Settings:
    """Start the embedded engine where a cascade asks for it."""
    if not uses_embedded(settings):
        return settings
    lacking = embedded.missing()
    if lacking is not None:
        raise StartError(f"{settings.source}: the stack uses the embedded engine, and {lacking}")
    engine = stack.enter_context(embedded.start())
    return with_embedded(settings, engine.url)


def _limits(settings: Settings) -> Limits:
    size = int(settings.server.max_body_mib * 1024 * 1024)
    return Limits(body=size, patience=settings.timeouts.body)


def _stop(_: int, __: FrameType | None) -> None:
    """SIGTERM ends like Ctrl-C: what is queued is written, the engine is stopped."""
    sys.exit(0)


def _end_with_parent() -> None:
    """Whoever holds the other end of standard input may be killed: then this ends as well."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
