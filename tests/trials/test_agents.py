"""Agents of a trial: the real clients, each whole in a sandbox, and the embedded engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from e2e.stories import CLIENTS, PROGRAMS, require
from rolecall.engines import embedded
from rolecall.ledger.store import open_ledger
from rolecall.ledger.trials import runs
from rolecall.trials.running.begin import keep
from rolecall.trials.running.bridge import Pin
from rolecall.trials.running.cluster import pool
from rolecall.trials.running.conduct import Conduct, conduct
from rolecall.trials.running.gateway import OwnGateway, Setup
from rolecall.trials.running.run import Work, mark_of, one
from rolecall.types.trials import Arm, RunLimits, Trial
from support.gateway import Gateway, home_environment, start_gateway
from support.upstream import Upstream
from trials import tries
from trials.tries import MENDING, candidates

pytestmark = pytest.mark.usefixtures("sandbox")

DIALECTS = {
    "claude-code": "anthropic.messages",
    "codex": "openai.responses",
    "opencode": "openai.chat",
    "mistral-vibe": "openai.chat",
}
SLOW = {"opencode", "mistral-vibe"}
"""These take long to start on two cores; they do the task once."""
SCRIPT = candidates({"right": (MENDING,), "wrong": ("ls",)})


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(SCRIPT) as found:
        yield found


@pytest.fixture(scope="module")
def gateway(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    home = tmp_path_factory.mktemp("home")
    with start_gateway(tries.STACK.format(base_url=upstream.base_url), home) as found:
        yield found


@pytest.mark.e2e
@pytest.mark.parametrize("client", DIALECTS)
def test_client_does_tasks_in_a_sandbox(
    client: str,
    upstream: Upstream,
    gateway: Gateway,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Right and wrong are told apart, and all that it asks goes to the candidate alone."""
    require(client)
    programs = (CLIENTS / PROGRAMS[client]).parent
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    task = tries.task(tries.repository(tmp_path / "repository"))
    before = len(upstream.asked)
    for model in ("right",) if client in SLOW else ("right", "wrong"):
        arm = Arm(candidate=f"up/{model}")
        mark = mark_of("t", task.id, arm, 1)
        work = Work(
            trial="t",
            task=task,
            arm=arm,
            repetition=1,
            agent=client.removeprefix("mistral-"),
            limits=RunLimits(seconds=90),
            pin=Pin(gateway=gateway.url, deployment=arm.candidate, mark=mark),
        )
        found = one(work)
        assert (found.stop, found.solved) == ("finished", model == "right"), found
        asked = upstream.asked[before:]
        before = len(upstream.asked)
        assert {each.model for each in asked} == {model}
        assert {each.dialect for each in asked} == {DIALECTS[client]}
        newest = gateway.decisions(len(asked))
        whys = {
            gateway.json(f"/rolecall/decisions/{each['id']}")["request"]["why"] for each in newest
        }
        assert whys == {found.mark}


LOCAL = """
[roles]
local = ["embedded/smollm2-135m"]
code = ["embedded/smollm2-135m"]
"""


def test_embedded_engine_is_tried_and_fails(tmp_path: Path) -> None:
    """A real model that cannot do the task is recorded as failed, with what it took."""
    lacking = embedded.missing()
    if lacking is not None and os.environ.get("ROLECALL_E2E") != "required":
        pytest.skip(lacking)
    assert lacking is None
    home = tmp_path / "home"
    home.mkdir()
    (home / "rolecall.toml").write_text(LOCAL)
    task = tries.task(tries.repository(tmp_path / "repository"))
    trial = Trial(
        id="t",
        at=datetime.now(UTC),
        repository=task.repository,
        agent="mini-swe-agent",
        candidates=("embedded/smollm2-135m",),
        tasks=(task.id,),
        control=False,
        limits=RunLimits(calls=1, seconds=120),
    )
    environ = home_environment(home)
    ledger = open_ledger(home / "data/rolecall/ledger.sqlite")
    folder = tmp_path / "trials"
    keep(ledger, folder, trial, {task.id: task})
    setup = Setup(config=None, folder=home, environ=environ)
    with pool(None, 1) as workers, OwnGateway(setup) as gateway:
        ending = conduct(
            Conduct(
                trial=trial,
                tasks={task.id: task},
                ledger=ledger,
                gateway=gateway,
                pool=workers,
                folder=folder,
            )
        )
    (run,) = runs(ledger, "t")
    ledger.close()
    assert ending.why == "all runs are made"
    assert run.solved is False, run
    assert run.calls == 1
    assert run.input_tokens > 500
    assert run.output_tokens > 0
    assert run.cost == 0
