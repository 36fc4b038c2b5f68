"""Run a gateway on a bound socket until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import signal
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import uvicorn
from msgspec import Struct

from rolecall.config.build import with_traits
from rolecall.config.settings import TimeoutSettings
from rolecall.egress.door import Door
from rolecall.egress.places import Network
from rolecall.engines.context import Server, engine_asker, traits
from rolecall.errors import LedgerError, StartError
from rolecall.gateway.access import Access
from rolecall.gateway.app import application
from rolecall.gateway.guard import Guard
from rolecall.gateway.intake import Limits
from rolecall.gateway.overrides import Overrides, overrides_of
from rolecall.gateway.protocol import Protocol, close_slow
from rolecall.gateway.remember import purse, restore_sessions, scoreboard
from rolecall.gateway.site import Site, Sites
from rolecall.gateway.state import Gateway
from rolecall.ledger import outcomes, overrides
from rolecall.ledger.store import Ledger
from rolecall.ledger.writer import Writer
from rolecall.routing.costs import Price
from rolecall.routing.signals import Recogniser
from rolecall.types import Snapshot

_KEEP_ALIVE = 75
"""Seconds. Coding clients think for a while between turns and keep their connection."""


_GC = (5_000, 20, 50)
"""Requests leave few cycles behind; looking for them less often costs 4 to 7 % less CPU."""
_CHECKPOINT = 2.0
"""Seconds between checkpoints of the ledger."""
_CLEARED = 1.0
"""Seconds between looks for sessions that the user has cleared."""
_OUTCOMES = 5.0
"""Seconds between looks for outcomes that others have told."""
_ENGINES = 30.0
"""Seconds between questions to local engines."""
_STOPS = (signal.SIGINT, signal.SIGTERM)
_BACKLOG = 2048
"""Connections that wait while the gateway is still starting."""


class Plan(Struct, frozen=True, kw_only=True):
    """All that a gateway needs to run, checked and opened."""

    world: Snapshot
    recogniser: Recogniser
    access: Access
    limits: Limits
    timeouts: TimeoutSettings
    keys: Mapping[str, str]
    price: Price
    ledger: Ledger
    networks: tuple[Network, ...] = ()
    """Addresses beside loopback that count as local."""
    guard: Callable[[], Guard] | None = None
    """Makes the guard of the rules of privacy, where there are any; may take seconds."""
    site: Sites | None = None
    """The page, where it is installed."""
    engines: tuple[Server, ...] = ()
    """Local engines that are asked, now and then, how much they read."""


def bind(host: str, port: int) -> socket.socket:
    """Take the port, or say who to ask. Port 0 picks a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(_BACKLOG)
    except OSError as error:
        found.close()
        raise StartError(
            f"{host}:{port} cannot be used ({error.strerror}); "
            "stop what listens there, or give another --port"
        ) from error
    return found


def run(plan: Plan, listening: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM. What is queued for the ledger is written before the end."""
    config = uvicorn.Config(
        app="",
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=5,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    gc.freeze()  # what is loaded by now stays
    gc.set_threshold(*_GC)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(plan, config, listening))


async def _serve(plan: Plan, config: uvicorn.Config, listening: socket.socket) -> None:
    writer = Writer(plan.ledger, asyncio.get_running_loop())
    tasks = [asyncio.ensure_future(_checkpoint(plan.ledger))]
    site: Site | None = None
    guard = None if plan.guard is None else plan.guard()
    restore_sessions(plan.recogniser.sessions, plan.ledger)
    try:
        async with Door(plan.keys, plan.timeouts, plan.networks) as door:
            gateway = Gateway(
                scoreboard=scoreboard(plan.ledger, plan.world.economics),
                purse=purse(plan.ledger, plan.world.economics, datetime.now(UTC)),
                world=plan.world,
                recogniser=plan.recogniser,
                access=plan.access,
                limits=plan.limits,
                price=plan.price,
                ledger=plan.ledger,
                writer=writer,
                door=door,
                guard=guard,
                overrides=_overrides(plan.ledger),
            )
            site = None if plan.site is None else plan.site(gateway)
            config.app = application(gateway, site)
            server = uvicorn.Server(config)
            gateway.stops = lambda: server.should_exit
            tasks.append(asyncio.ensure_future(close_slow(server.server_state.connections)))
            tasks.append(asyncio.ensure_future(_let_signals_in(server)))
            tasks.append(asyncio.ensure_future(_take_up(gateway)))
            if guard is not None:
                tasks.append(asyncio.ensure_future(_look_again(guard)))
            if plan.engines:
                tasks.append(asyncio.ensure_future(_watch(gateway, plan.engines)))
            await server.serve(sockets=[listening])
    finally:
        for task in tasks:
            task.cancel()
        if site is not None:
            site.close()
        if guard is not None:
            guard.close()
        writer.close()


def forbid_core_dumps() -> None:
    """A core dump would hold the bodies and keys that are in memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def hold_signals() -> None:
    """Keep Ctrl-C and the like waiting until somebody serves who can stop in good order.

    One that comes while the loop is being set up would be lost.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)


async def _let_signals_in(server: uvicorn.Server) -> None:
    while not server.started:  # noqa: ASYNC110 (uvicorn tells in no other way)
        await asyncio.sleep(0.01)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)


async def _watch(gateway: Gateway, engines: tuple[Server, ...]) -> None:
    """A model may be loaded with another context, or made anew: the world is swapped then."""
    ask = engine_asker(gateway.door)
    while True:
        await asyncio.sleep(_ENGINES)
        found = with_traits(gateway.world, await traits(engines, ask))
        if found is gateway.world:
            continue
        try:
            gateway.ledger.keep_snapshot(found)
        except LedgerError:
            continue  # decisions must be able to name their world: next time, then
        gateway.world = found


async def _look_again(guard: Guard) -> None:
    """What a user clears on the command line holds for the running gateway too."""
    while True:
        await asyncio.sleep(_CLEARED)
        try:
            guard.look_again()
        except LedgerError:
            continue  # what is not known to be cleared stays private


async def _take_up(gateway: Gateway) -> None:
    """What was told on the command line or by a git hook counts in the running gateway too."""
    last = datetime.now(UTC)
    while True:
        await asyncio.sleep(_OUTCOMES)
        now = datetime.now(UTC)
        try:
            found = await asyncio.to_thread(outcomes.since, gateway.ledger, last)
            gateway.overrides = await asyncio.to_thread(_overrides, gateway.ledger)
        except LedgerError:
            continue  # the next look finds them
        gateway.scoreboard.take(found, now)
        last = now


def _overrides(ledger: Ledger) -> Overrides:
    return overrides_of(overrides.in_force(ledger, datetime.now(UTC)))


async def _checkpoint(ledger: Ledger) -> None:
    """Keep the WAL short, away from the event loop; the disk may take its time."""
    while True:
        await asyncio.sleep(_CHECKPOINT)
        try:
            await asyncio.to_thread(ledger.checkpoint)
        except LedgerError:
            continue  # the next commit meets the same trouble, and says so
