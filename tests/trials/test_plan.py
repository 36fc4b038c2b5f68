"""What a plan says of a trial before any money is spent."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from rolecall.errors import ConfigError
from rolecall.measure.contrasts import shown
from rolecall.measure.pairs import arms, table
from rolecall.measure.power import Assumed, gain_shown, margin_shown, tasks_for
from rolecall.measure.simulated import Truth, simulated
from rolecall.trials.telling.plan import CALLS, PACE, Asked, Past, plan
from rolecall.types import Kind, Outcome, Rates
from rolecall.types.trials import Judge, Task
from support.gateway import run_rolecall
from support.repositories import Repository

AT = datetime(2026, 11, 26, tzinfo=UTC)
ASKED = Asked(models=("simulated/0", "simulated/1"))
RATES = Rates(input=Decimal(2), output=Decimal(10), cache_read=Decimal("0.2"))
PRICED = Past(rates={"simulated/0": RATES, "simulated/1": RATES})


def tasks(count: int, kind: Kind = "fix", weak: str = "") -> list[Task]:
    judge = Judge(runner="pytest", seconds=2.0, weak=weak)
    one = Task(id="", repository="r", base="b", request="Do it.", kind=kind, judge=judge)
    return [replace(one, id=f"{kind}{number}{weak[:1]}") for number in range(count)]


def test_what_is_there_is_counted_by_kind() -> None:
    """Tasks whose judge proves little are named and left out."""
    found = plan(
        ASKED, [*tasks(7), *tasks(3, "tests"), *tasks(2, weak="lets mutants pass")], PRICED
    )
    assert found.kinds == {"fix": 7, "tests": 3}
    assert (found.tasks, found.weak, found.counted, found.runs) == (10, 2, 10, 30)
    only = plan(
        replace(ASKED, kinds=("tests",), control=False, repetitions=2), tasks(3, "tests"), PRICED
    )
    assert (only.tasks, only.runs) == (3, 12)


def test_a_price_that_nobody_measured_is_assumed_and_says_so() -> None:
    """By hand: 60,000 tokens at $2, 240,000 at $0.20, 8,000 at $10 a million."""
    found = plan(ASKED, tasks(10), PRICED)
    one = found.guesses["simulated/1"]
    assert one.by == "assumed"
    assert one.cost == pytest.approx(0.12 + 0.048 + 0.08)
    assert one.seconds == CALLS * PACE + 2.0
    assert found.cost == pytest.approx(10 * 3 * 0.248)
    unknown = plan(ASKED, tasks(10), Past(rates={}))
    assert unknown.cost is None
    assert unknown.guesses["simulated/0"].cost is None


def test_what_was_measured_counts_instead() -> None:
    """Runs of earlier trials before work that was not tried, and that before an assumption."""
    told = [
        Outcome(
            decision=f"d{n}", at=AT, how="tests", accepted=True, topic="fix", says="",
            deployment="simulated/0", calls=10, cost=Decimal("0.5"),
        )
        for n in range(4)
    ]  # fmt: skip
    found = plan(ASKED, tasks(10), replace(PRICED, outcomes=told, paces={"simulated/0": 3.0}))
    assert found.guesses["simulated/0"].by == "outcomes"
    assert found.guesses["simulated/0"].cost == 0.5
    assert found.guesses["simulated/0"].seconds == 32.0
    _, runs = simulated(Truth(solves=(0.5, 0.5), costs=(0.2, 0.02)), 40)
    found = plan(ASKED, tasks(10), replace(PRICED, outcomes=told, runs=runs))
    assert found.guesses["simulated/0"].by == "trials"
    assert found.guesses["simulated/0"].cost == pytest.approx(0.2, rel=0.3)
    assert found.guesses["simulated/1"].cost == pytest.approx(0.02, rel=0.3)


def test_how_often_models_differ_is_seen_in_earlier_trials() -> None:
    _, runs = simulated(Truth(solves=(0.5, 0.5), costs=(0.2, 0.02), luck=1.0), 200)
    found = plan(ASKED, tasks(10), replace(PRICED, runs=runs))
    assert found.assumed.apart == pytest.approx(0.5, abs=0.1)
    assert found.assumed.luck > 0.8
    assert "200 tasks of earlier trials" in found.assumed_by
    assert "assumed" in plan(ASKED, tasks(10), PRICED).assumed_by


def test_a_budget_caps_what_is_planned() -> None:
    """Whole tasks only, and what they would show follows."""
    free = plan(ASKED, tasks(100), PRICED)
    capped = plan(replace(ASKED, budget=Decimal(20)), tasks(100), PRICED)
    assert capped.counted == int(20 / (3 * 0.248)) == 26
    assert capped.cost is not None
    assert capped.cost <= 20
    assert free.gain is not None
    assert capped.gain is not None
    assert capped.gain > free.gain
    none = plan(replace(ASKED, budget=Decimal("0.1")), tasks(100), PRICED)
    assert (none.counted, none.gain, none.runs) == (0, None, 0)


def test_what_is_said_to_be_shown_is_shown() -> None:
    """Trials of the true gain that 60 tasks are said to show: four of five show it."""
    assumed = Assumed(apart=0.3, luck=0.5, needed=20 / 0.9)
    gain = gain_shown(60, assumed)
    assert gain is not None
    truth = Truth(solves=(0.5 - gain / 2, 0.5 + gain / 2), costs=(0.1, 0.1), luck=0.3, alike=1.0)
    held = 0
    for seed in range(100):
        trial, runs = simulated(truth, 60, seed=seed)
        found = shown(table(trial, runs), arms(trial)[1])
        held += found.better.most >= assumed.needed
    assert held >= 60


def test_more_tasks_show_less() -> None:
    """Gains and margins shrink with tasks, and with repetitions where chance is averaged out."""
    assumed = Assumed(needed=20.0)
    gains = [gain_shown(count, assumed) or 1 for count in (20, 60, 120)]
    assert gains == sorted(gains, reverse=True)
    assert (margin_shown(100, assumed) or 1) < (margin_shown(40, assumed) or 1)
    thrice = replace(assumed, repetitions=3)
    assert (tasks_for(0.3, thrice) or 0) < (tasks_for(0.3, assumed) or 0)
    assert (gain_shown(60, replace(assumed, needed=120.0)) or 1) > gains[1]
    assert gain_shown(2, assumed) is None


@pytest.mark.parametrize("models", [("a/b",), ("a/b", "a/b"), ()])
def test_a_trial_compares_two(models: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="two models or more"):
        plan(Asked(models=models), tasks(3), PRICED)


CONFIG = """
[roles]
code = ["up/a", "up/b"]
[providers.up]
base_url = "http://127.0.0.1:9/v1"
dialects = ["openai.chat"]
auth = "none"
zone = "local"
[models."up/a"]
input_price = 2
output_price = 10
[models."up/b"]
input_price = 0.5
output_price = 2
"""
TASK = (
    'base = "HEAD"\nrequest = "Do it."\nkind = "fix"\n[judge]\nrunner = "pytest"\nseconds = 2.0\n'
)


def test_the_command(tmp_path: Path) -> None:
    """Tasks, money and what would be enough on one screen; the same as JSON; mistakes named."""
    Repository(tmp_path).commit("Begin", {f"trials/t{n}.toml": TASK for n in range(12)})
    (tmp_path / "rolecall.toml").write_text(CONFIG)
    words = ("trial", "plan", ".", "--models", "up/a,up/b")
    done = run_rolecall(tmp_path, *words, "--budget", "15")
    assert done.returncode == 0, done.stderr
    assert "12 tasks (12 fix)" in done.stdout
    assert "a gain of 20 points: " in done.stdout
    assert "assumed" in done.stdout
    assert max(map(len, done.stdout.splitlines())) < 140
    found = msgspec.json.decode(run_rolecall(tmp_path, *words, "--json").stdout)
    assert found["tasks"] == 12
    assert found["guesses"]["up/b"]["by"] == "assumed"
    done = run_rolecall(tmp_path, *words, "--kind", "fixes")
    assert done.returncode == 2
    assert "did you mean 'fix'" in done.stderr
