"""What a decision costs with sessions, forecasts and many candidates, and what sessions weigh.

`python -m benchmarks.deciding` prints CPU time per decision beside a reference taken in the same
run: one decode and encode of the request's facts as JSON. And the memory of 10,000 live sessions.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median

import msgspec

from rolecall.config.build import build
from rolecall.config.known import shipped
from rolecall.config.settings import ModelSettings, RoutingSettings, Settings
from rolecall.routing.decide import decide
from rolecall.routing.sessions import Sessions
from rolecall.types import (
    Request,
    Session,
    Signals,
    Snapshot,
    Standing,
    Trajectory,
    Turn,
    Warm,
    place,
)

CANDIDATES = 30
SESSIONS = 10_000
ROUNDS = 7
CALLS = 2_000
AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def main() -> None:
    world, request = _world(), _request()
    turn = _session("k", "openai/model-3", timedelta(seconds=20))
    cases: dict[str, Callable[[], object]] = {
        "reference: the facts decoded and encoded": lambda: _facts(request),
        "first call of a conversation": lambda: decide(request, world, Session(key="k"), id="d"),
        "later call, warm cache": lambda: decide(request, world, turn, id="d"),
        "work that turns to a cheaper role": lambda: decide(_docs(request), world, turn, id="d"),
    }
    print(f"{CANDIDATES} candidates, {len(world.standings)} standings; CPU per decision")
    base = 0.0
    for name, act in cases.items():
        spent = median(_timed(act) for _ in range(ROUNDS))
        base = base or spent
        print(f"  {name:<42}{spent * 1e6:8.1f} us  {spent / base:6.1f} x")
    print(f"{SESSIONS:,} sessions of six deployments: {_weight() / 1e6:.1f} MB")


def _timed(act: Callable[[], object]) -> float:
    start = time.process_time()
    for _ in range(CALLS):
        act()
    return (time.process_time() - start) / CALLS


def _facts(request: Request) -> Request:
    return msgspec.json.decode(msgspec.json.encode(request), type=Request)


def _world() -> Snapshot:
    names = tuple(f"openai/model-{number}" for number in range(CANDIDATES))
    prices = ModelSettings(
        input_price=Decimal(1),
        output_price=Decimal(5),
        cache_read_price=Decimal("0.1"),
        model_class="coding",
    )
    settings = Settings(
        roles={"code": names, "fast": names[::-1]},
        models=dict.fromkeys(names, prices),
        routing=RoutingSettings(text_confidence=1),
    )
    standings = {
        place(topic, name): Standing(accepted=30, failed=3, passed=30, lost=3, bound=0.2)
        for topic in ("any code", "any fast", "docs", "fix", "tests")
        for name in names
    }
    world = build(settings, shipped(), rules="1", at=AT)
    return msgspec.structs.replace(world, standings=standings)


def _request() -> Request:
    return Request(
        dialect="openai.chat",
        asked_model="rolecall/auto",
        body_bytes=60_000,
        messages=40,
        tools=12,
        trajectory=Trajectory(messages=40, turns=4, steps=3, edits=5, tested=2, tests="passed"),
        signals=Signals(client="opencode", session="s1"),
    )


def _docs(request: Request) -> Request:
    return msgspec.structs.replace(request, asked_role="fast")


def _session(key: str, deployment: str, ago: timedelta) -> Session:
    names = [f"openai/model-{number}" for number in range(6)]
    return Session(
        key=key,
        role="code",
        kept="code",
        deployment=deployment,
        turns=20,
        players=tuple(names),
        last=AT - ago,
        body_bytes=58_000,
        messages=38,
        tokens=15_000,
        growth=900.0,
        written=400.0,
        warm={name: Warm(14_000, AT - ago, 300.0) for name in names},
        spent=Decimal("1.2345"),
        turn=Turn(decision=key, topic="any code", deployment=deployment, turns=4),
    )


def _weight() -> int:
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    sessions = Sessions()
    for number in range(SESSIONS):
        key = f"{number:024x}"
        sessions.remember(_session(key, "openai/model-3", timedelta(seconds=number)))
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return after - before


if __name__ == "__main__":
    main()
