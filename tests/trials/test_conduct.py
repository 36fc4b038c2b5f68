"""Whole trials, as a user runs them: every run is there once, whoever is killed on the way."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from rolecall.ledger import outcomes
from rolecall.ledger.store import Ledger, open_ledger
from rolecall.ledger.trials import runs, spent, trials
from rolecall.trials.judging.tasks import write_task
from rolecall.trials.running.schedule import order
from rolecall.trials.running.usage import processes
from rolecall.types.trials import Run, Trial
from support.answers import Answer, Received, Script
from support.gateway import home_environment
from support.upstream import Upstream
from trials import tries
from trials.tries import MENDING, candidates

pytestmark = pytest.mark.usefixtures("sandbox")

SCRIPT = candidates({"right": (MENDING,), "wrong": ("ls",)})
PRICE = {"right": Decimal("0.0015"), "wrong": Decimal("0.003")}
MODELS = ("--models", "up/right,up/wrong")


class Place(Struct, frozen=True):
    """A user's home, a repository of theirs, and the scripted upstream of their stack."""

    home: Path
    repository: Path
    upstream: Upstream

    def trial(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `rolecall trial` to its end."""
        return subprocess.run(
            self._command(arguments),
            cwd=self.home,
            env=self.environ(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command(arguments),
            cwd=self.home,
            env=self.environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "rolecall", "trial", *arguments]

    def environ(self) -> Mapping[str, str]:
        return home_environment(self.home)

    def ledger(self) -> Ledger:
        return open_ledger(self.home / "data/rolecall/ledger.sqlite")

    def made(self) -> tuple[Trial, list[Run]]:
        """The one trial there is, and its runs."""
        ledger = self.ledger()
        (trial,) = trials(ledger)
        found = runs(ledger, trial.id)
        ledger.close()
        return trial, found

    def new(self) -> tuple[str, ...]:
        return ("run", *MODELS, "--repository", str(self.repository))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    repository = tries.repository(tmp_path / "repository")
    write_task(repository / "trials", tries.task(repository, "one"))
    home = tmp_path / "home"
    home.mkdir()
    with Upstream(SCRIPT) as upstream:
        (home / "rolecall.toml").write_text(tries.STACK.format(base_url=upstream.base_url))
        yield Place(home, repository, upstream)


def slow_at(number: int, seconds: float = 60.0) -> Script:
    """Answer as ever, but for one call, which is not answered for a while."""

    def script(received: Received) -> Answer:
        answer = SCRIPT(received)
        late = seconds if received.index == number else 0.0
        return msgspec.structs.replace(answer, first_byte_after=late)

    return script


def paid(place: Place) -> Decimal:
    """What the upstream was asked for and answered, at its price."""
    asked = [one for one in place.upstream.asked if one.finished or one.status == 200]
    return sum((PRICE[one.model or ""] for one in asked if one.sent), Decimal(0))


def assert_whole(place: Place) -> list[Run]:
    """Every run is there once and says what its candidate is known to be."""
    trial, found = place.made()
    assert Counter(run.key for run in found) == Counter(order(trial))
    for run in found:
        assert run.stop == "finished", run
        assert run.solved == (run.arm.candidate == "up/right"), run
        assert run.calls == 2
        assert run.cost == 2 * PRICE[run.arm.candidate.removeprefix("up/")]
        assert (Path(run.folder) / "log.txt").read_text()
        assert "number * 2" in (Path(run.folder) / "change.diff").read_text() or not run.solved
    return found


def test_trial_from_beginning_to_end(place: Place) -> None:
    """Runs, their papers, outcomes for the estimates and the money; again it makes nothing anew."""
    done = place.trial(*place.new(), "--budget", "5")
    assert done.returncode == 0, done.stderr
    assert "3 of 3 runs, $0.0120: all runs are made." in done.stdout
    found = assert_whole(place)
    assert spent(found) == paid(place) == Decimal("0.0120")
    ledger = place.ledger()
    told = Counter((one.deployment, one.accepted) for one in outcomes.newest(ledger))
    ledger.close()
    assert told == {("up/right", True): 2, ("up/wrong", False): 1}
    trial, _ = place.made()
    asked = len(place.upstream.asked)
    again = place.trial("run", trial.id)
    assert "3 of 3 runs" in again.stdout
    assert len(place.upstream.asked) == asked
    assert tries.git(place.repository, "status", "--short") == "?? trials/"
    shown = place.trial("show", trial.id[:6])
    assert "up/right (control): 1 solved" in shown.stdout
    listed = msgspec.json.decode(place.trial("list", "--json").stdout)
    assert listed[0][0]["id"] == trial.id


def test_budget_ends_a_trial_and_a_larger_one_goes_on(place: Place) -> None:
    """No run starts that could exceed it; nothing of what was made is made again."""
    done = place.trial(*place.new(), "--budget", "0.007", "--spend", "0.006")
    assert done.returncode == 0, done.stderr
    assert "the budget does not do for another run" in done.stdout
    trial, found = place.made()
    assert 0 < len(found) < 3
    assert spent(found) == paid(place) <= Decimal("0.007")
    more = place.trial("run", trial.id, "--budget", "1")
    assert "3 of 3 runs" in more.stdout, more.stderr
    assert_whole(place)


def test_killed_runner_loses_nothing_and_doubles_nothing(place: Place) -> None:
    """After kill -9 in mid-run the same command goes on; what was spent is not forgotten."""
    place.upstream.script = slow_at(3)
    runner = place.start(*place.new(), "--budget", "5")
    place.upstream.wait_for(lambda received: len(received) >= 4, 60)
    descendants = processes(runner.pid, at_most=1000)
    runner.kill()
    runner.communicate()
    place.upstream.wait_for(lambda received: received[3].client_left, 30)
    _wait_until_gone(descendants)
    trial, before = place.made()
    assert len(before) == 1
    place.upstream.script = SCRIPT
    again = place.trial("run", trial.id)
    assert again.returncode == 0, again.stderr
    found = assert_whole(place)
    assert [run for run in found if run in before] == before
    wasted = [run.wasted for run in found if run.wasted]
    assert len(wasted) == 1
    assert spent(found) == paid(place)


def _wait_until_gone(pids: list[int]) -> None:
    """Whoever the runner had started ends with it."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue

        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        assert waiting.poll(20_000), Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        os.close(descriptor)


def test_killed_gateway_is_started_again(place: Place) -> None:
    """The run under way is lost with it and made once more; the trial goes on by itself."""
    _kill_one(place, lambda words: "up" in words and "--with-parent" in words)
    assert_whole(place)


def test_killed_worker_loses_its_run_at_most(place: Place) -> None:
    """Another worker takes its place, and the run is made once more."""
    _kill_one(place, lambda words: any("spawn_main" in word for word in words))
    assert_whole(place)


def _kill_one(place: Place, wanted: Callable[[list[str]], bool]) -> None:
    """Kill -9 a process of a trial while its fourth call waits for an answer."""
    place.upstream.script = slow_at(3)
    runner = place.start(*place.new())
    place.upstream.wait_for(lambda received: len(received) >= 4, 60)
    there = {pid: _words(pid) for pid in processes(runner.pid, at_most=1000)}
    chosen = [pid for pid, words in there.items() if wanted(words)]
    assert len(chosen) == 1, there
    os.kill(chosen[0], signal.SIGKILL)
    said, _ = runner.communicate(timeout=90)
    assert runner.returncode == 0, said
    assert "3 of 3 runs" in said


def _words(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []


def test_stopped_trial_goes_on(place: Place) -> None:
    """Nobody else may conduct it meanwhile; Ctrl-C ends it at once; the same run is made again."""
    place.upstream.script = slow_at(2)
    runner = place.start(*place.new())
    place.upstream.wait_for(lambda received: len(received) >= 3, 60)
    trial, before = place.made()
    assert len(before) == 1
    second = place.trial("run", trial.id)
    assert second.returncode == 2
    assert f"another process conducts the trial {trial.id}" in second.stderr
    runner.send_signal(signal.SIGINT)
    said, _ = runner.communicate(timeout=30)
    assert "1 of 3 runs, $0.00300: it was stopped." in said
    assert f"`rolecall trial run {trial.id}` goes on" in said
    assert "Traceback" not in said
    place.upstream.script = SCRIPT
    again = place.trial("run", trial.id)
    assert again.returncode == 0, again.stderr
    assert_whole(place)


CLUSTER = """
from distributed import LocalCluster
settings = dict(threads_per_worker=1, dashboard_address="127.0.0.1:0", memory_limit=None)
with LocalCluster(n_workers=2, **settings) as cluster:
    print(cluster.scheduler_address, flush=True)
    input()
"""


def test_runs_are_made_on_a_cluster(place: Place) -> None:
    """A scheduler's workers make them, two at once here; the ledger is the runner's alone."""
    with subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as cluster:
        assert cluster.stdout is not None
        address = cluster.stdout.readline().strip()
        done = place.trial(*place.new(), "--scheduler", address)
        cluster.communicate("\n", timeout=30)
    assert "3 of 3 runs" in done.stdout, done.stderr
    assert_whole(place)


def test_no_scheduler_is_told(place: Place) -> None:
    """An address where nobody answers is one line with the mend."""
    done = place.trial(*place.new(), "--scheduler", "nonsense://x")
    assert done.returncode == 2
    assert "no Dask scheduler answers at 'nonsense://x'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--models", "up/right"), "name the models to compare"),
        ((*MODELS, "--agent", "vibe"), "vibe is not on the PATH"),
        ((*MODELS, "--budget", "much"), "--budget 'much' is no sum"),
        ((*MODELS, "--scheduler", "tcp://10.0.0.9:8786"), "give --listen ADDRESS"),
        (("--models", "up/right,nobody/b"), "'nobody/b' is no provider/model of yours"),
    ],
)
def test_wrong_use_is_one_line(place: Place, arguments: tuple[str, ...], says: str) -> None:
    """It names the mend, and nothing is sent."""
    environ = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "rolecall", "trial", "run", *arguments),
            *("--repository", str(place.repository)),
        ],
        cwd=place.home,
        env={**place.environ(), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert place.upstream.asked == []
    ledger = place.ledger()
    assert trials(ledger) == []
    ledger.close()
