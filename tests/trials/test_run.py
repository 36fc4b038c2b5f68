"""One run, by mini-swe-agent: candidates that are right, wrong, hostile, or not heard at all."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from rolecall.trials.running.bridge import Pin
from rolecall.trials.running.run import Result, Work, mark_of, one
from rolecall.types.trials import Arm, RunLimits, Stop, Task
from support.answers import Answer, Received, Script
from support.gateway import Gateway, start_gateway
from support.upstream import Upstream
from trials import tries
from trials.tries import MENDING, candidates, writing

pytestmark = pytest.mark.usefixtures("sandbox")

LIMITS = RunLimits(seconds=30, memory_mib=400, disk_mib=64, processes=80, calls=8)
CHEAT = writing("print('fine')\n", "check.py")


class World(Struct, frozen=True):
    """A gateway before a scripted upstream, and a repository with one task."""

    upstream: Upstream
    gateway: Gateway
    task: Task
    victim: Path
    """A file of the user's, which nobody is to touch."""
    workspace: str | None = None

    def made(
        self, script: Script, *, limits: RunLimits = LIMITS, candidate: str = "up/right"
    ) -> Result:
        self.upstream.script = script
        arm = Arm(candidate=candidate)
        pin = Pin(
            gateway=self.gateway.url,
            deployment=arm.candidate,
            mark=mark_of("t", self.task.id, arm, 1),
            workspace=self.workspace,
        )
        work = Work(
            trial="t",
            task=self.task,
            arm=arm,
            repetition=1,
            agent="mini-swe-agent",
            limits=limits,
            pin=pin,
        )
        return one(work)

    def doing(self, *commands: str, limits: RunLimits = LIMITS) -> Result:
        """What becomes of a candidate that runs these commands."""
        return self.made(candidates({"right": commands}), limits=limits)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    repository = tries.repository(folder / "repository")
    victim = folder / "victim"
    victim.write_text("mine")
    home = folder / "home"
    home.mkdir()
    with (
        Upstream() as upstream,
        start_gateway(tries.STACK.format(base_url=upstream.base_url), home) as gateway,
    ):
        yield World(upstream, gateway, tries.task(repository), victim)


def test_right_candidate_solves_the_task(world: World) -> None:
    """Its change is kept, its log tells what it did, and its calls bear the mark of the try."""
    found = world.doing(MENDING)
    assert (found.stop, found.solved, found.says) == ("finished", True, "1 tests pass")
    assert "+    return number * 2" in found.change
    assert "printf" in found.log
    whys = {record["request"]["why"] for record in _newest(world, 2)}
    assert whys == {found.mark}


def _newest(world: World, count: int) -> list[dict[str, dict[str, str]]]:
    found = world.gateway.decisions(count)
    return [world.gateway.json(f"/rolecall/decisions/{one['id']}") for one in found]


def test_wrong_candidate_fails(world: World) -> None:
    """Doing nothing is a failure, and its change is empty."""
    found = world.doing("ls")
    assert (found.stop, found.solved, found.change) == ("finished", False, "")


@pytest.mark.parametrize(
    ("command", "stop", "says"),
    [
        ("sleep 60", "time", "ended at its limit of 3 s"),
        (":(){ :|:& };:; sleep 20", "processes", "ended at its limit of 80 processes"),
        ("yes", "output", "ended at its limit of 64 MiB of output"),
        (
            "for n in 1 2 3 4; do head -c 30M /dev/zero > big$n; done; sleep 9",
            "disk",
            "ended at its limit of 64 MiB of disk",
        ),
        (
            "for n in 1 2 3 4; do perl -e '$a = \"x\" x 150_000_000; sleep 20' & done; wait",
            "memory",
            "ended at its limit of 400 MiB of memory",
        ),
    ],
)
def test_hostile_candidate_is_ended_and_named(
    world: World, command: str, stop: Stop, says: str
) -> None:
    """Whoever goes beyond a limit has failed, whatever the tree holds by then."""
    limits = replace(LIMITS, seconds=3 if stop == "time" else 30)
    found = world.doing(MENDING, command, limits=limits)
    assert (found.stop, found.solved, found.says) == (stop, False, says)


def test_edited_judge_is_put_back(world: World) -> None:
    """The check that the candidate wrote judges nobody, and that it tried is told."""
    found = world.doing(CHEAT)
    assert found.solved is False
    assert found.says.endswith("it edited the judge, which was put back: check.py")


def test_judge_that_became_a_link_leads_nowhere(world: World) -> None:
    """The judge is not written through a link to a file of the user's."""
    found = world.doing(MENDING, f"ln -sf {world.victim} check.py")
    assert world.victim.read_text() == "mine"
    assert found.solved is True


@pytest.mark.parametrize(
    "command",
    [
        "git config core.fsmonitor 'echo > {victim}; true'",
        "echo 'echo > {victim}' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit",
        "git config filter.x.clean 'echo > {victim}'; echo '* filter=x' > .gitattributes",
    ],
)
def test_git_of_the_tree_runs_nothing_here(world: World, command: str) -> None:
    """What a candidate writes into the tree's git folder is not run when its change is read."""
    found = world.doing(MENDING, command.format(victim=world.victim))
    assert world.victim.read_text() == "mine"
    assert found.solved is True


def test_nothing_is_written_or_read_outside(world: World) -> None:
    """A candidate that tries finds no such place; its work is judged like any other."""
    outside = f"echo bad > {world.victim}; cat {world.victim} > found; echo x > /usr/bin/x"
    found = world.doing(MENDING, outside)
    assert world.victim.read_text() == "mine"
    assert "mine" not in found.change
    assert found.solved is True


def test_gateway_is_reached_over_the_bridge_alone(world: World) -> None:
    """The candidate's commands reach neither the gateway's port nor any other."""
    port = world.gateway.url.rpartition(":")[2]
    found = world.doing(f"(echo > /dev/tcp/127.0.0.1/{port}) 2>&1; true", MENDING)
    assert "Connection refused" in found.log
    assert found.solved is True


def test_whoever_kills_the_agent_has_failed(world: World) -> None:
    """That the agent did not end by itself is told, and what it left is judged."""
    found = world.doing("kill -9 -1")
    assert (found.stop, found.solved) == ("crashed", False)
    assert re.fullmatch(r"the agent ended with -?\d+; its log tells why.*", found.says)


def test_work_left_in_the_background_changes_nothing_later(world: World) -> None:
    """It is dead before the judge begins."""
    found = world.doing(MENDING, "(while :; do echo bad > doubles.py; sleep 0.01; done) & sleep 0")
    assert found.stop == "finished"
    assert world.doing(MENDING).solved is True


def test_nonsense_is_a_failure_with_its_usage(world: World) -> None:
    """A candidate that never calls a tool ends by the agent's own rule, and was paid for."""
    before = len(world.upstream.asked)
    found = world.made(lambda _: Answer(text="Fnord.", tokens=tries.CALL))
    assert (found.stop, found.solved) == ("finished", False)
    assert "RepeatedFormatError" in found.log
    assert len(world.upstream.asked) - before == 3


def test_calls_without_end_are_ended(world: World) -> None:
    """At the limit no further call is made, and the run has failed."""
    before = len(world.upstream.asked)
    found = world.doing(*["ls"] * 30)
    assert (found.stop, found.solved) == ("calls", False)
    assert found.says == "it had made the 8 calls that it may"
    assert len(world.upstream.asked) - before == 8


def test_spending_is_ended_at_its_limit(world: World) -> None:
    """The call that reaches the limit is the last one: its price is known only afterwards."""
    before = len(world.upstream.asked)
    found = world.doing(*["ls"] * 30, limits=replace(LIMITS, spend=Decimal("0.004")))
    assert (found.stop, found.solved) == ("spend", False)
    assert found.says == "it had spent $0.00450 of $0.00400"
    assert len(world.upstream.asked) - before == 3


def test_limit_of_spend_needs_a_price(world: World) -> None:
    """Where nobody knows what a call costs, a limit in USD cannot be kept, and that is told."""
    script = candidates({"odd": ("ls", "ls")})
    found = world.made(script, candidate="up/odd", limits=replace(LIMITS, spend=Decimal(1)))
    assert (found.stop, found.solved) == ("refused", None)
    assert found.says == "the price of up/odd is unknown"


@pytest.mark.parametrize("status", [401, 403])
def test_provider_that_answers_nothing_says_nothing_of_the_candidate(
    world: World, status: int
) -> None:
    """A wrong key is nobody's failure; what the provider said is in the log, not in the ledger."""
    found = world.made(lambda _: Answer(status=status, text="no such key"))
    assert (found.stop, found.solved) == ("refused", None)
    assert found.says.startswith(f"{status}: ")
    assert "no such key" not in found.says
    assert "no such key" in found.log


def test_somebody_else_in_its_place_ends_the_run(world: World) -> None:
    """A name that no provider has is answered by the stack; that says nothing of the candidate."""
    found = world.made(candidates({"right": (MENDING,)}), candidate="nobody/at-all")
    assert (found.stop, found.solved) == ("refused", None)
    assert found.says == "up/right answers in place of nobody/at-all"


def test_task_that_cannot_be_laid_out_is_told(world: World) -> None:
    """A commit that is not there makes no run, and no call."""
    lost = World(world.upstream, world.gateway, replace(world.task, base="0" * 40), world.victim)
    found = lost.doing(MENDING)
    assert (found.stop, found.solved) == ("crashed", None)
    assert found.says.startswith("the task cannot be tried: ")


def test_nothing_is_left_behind(world: World, tmp_path: Path) -> None:
    """Whatever permissions a candidate takes away, its folder is removed."""
    before = _scratch()
    world.doing("mkdir -p a/b; touch a/b/c; chmod 000 a/b a")
    assert _scratch() == before
    assert tmp_path.exists()


def _scratch() -> set[str]:
    own = f"rolecall-run-{os.getpid()}-"
    return {one.name for one in Path(tempfile.gettempdir()).glob(f"{own}*")}


PRIVATE = """
[workspaces.acme]
path = "{path}"

[[privacy.rules]]
name = "client work"
workspaces = ["acme"]
"""


def test_private_work_goes_to_nobody_elsewhere(world: World, tmp_path: Path) -> None:
    """A rule of the workspace holds for a trial: the run is refused, nothing is sent."""
    before = len(world.upstream.asked)
    stack = tries.STACK.format(base_url=world.upstream.base_url).replace('"local"', '"any"')
    with start_gateway(stack + PRIVATE.format(path=tmp_path), tmp_path) as gateway:
        private = World(world.upstream, gateway, world.task, world.victim, "acme")
        found = private.doing(MENDING)
    assert (found.stop, found.solved) == ("refused", None)
    assert "client work" in found.says
    assert len(world.upstream.asked) == before


def test_answer_that_breaks_off_is_asked_for_again(world: World) -> None:
    """A provider in trouble for a moment costs a retry, and no run."""
    broken = [True]

    def script(received: Received) -> Answer:
        if broken.pop() if broken else False:
            return Answer(status=500, text="a moment")
        return candidates({"right": (MENDING,)})(received)

    found = world.made(script)
    assert (found.stop, found.solved) == ("finished", True)
