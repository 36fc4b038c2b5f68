"""Strategies on tables small enough to be worked out by hand."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest

from rolecall.measure.bench import folds, report
from rolecall.measure.guarantee import allowed, kept
from rolecall.measure.outcomes import Outcome, Table, cluster_of, load
from rolecall.measure.strategies import (
    VERIFIERS,
    Verifier,
    accuracy,
    best_constant,
    cost,
    frontier,
    learnt,
    mixed,
    on,
    played,
)
from support.gateway import run_rolecall

PERFECT, _, GOOD, WEAK, NONE = VERIFIERS
CHEAP, DEAR = 0.1, 1.0


def table(**solved: str) -> Table:
    """Ten tasks of five repositories; a letter of each word is a task that was solved or not."""
    tasks = tuple(f"repo__{n // 2}-{n}" for n in range(10))
    prices = {"cheap": CHEAP, "dear": DEAR, "middle": 0.5}
    return Table(
        name="small",
        source="none",
        tasks=tasks,
        clusters=tuple(map(cluster_of, tasks)),
        runs={
            name: tuple(Outcome(letter == "y", prices[name]) for letter in word)
            for name, word in solved.items()
        },
    )


TWO = table(cheap="yyyyynnnnn", dear="yyyynyyyyn")


def test_a_cascade_by_hand() -> None:
    """The cheap one is right and let pass, sent on, or wrong and let pass: all are paid for."""
    right, wrong = Outcome(solved=True, cost=CHEAP), Outcome(solved=False, cost=CHEAP)
    second = Outcome(solved=True, cost=DEAR)
    good = played([right, second], GOOD)
    assert (good.solved, good.cost) == pytest.approx((1.0, CHEAP + 0.1 * DEAR))
    bad = played([wrong, second], GOOD)
    assert (bad.solved, bad.cost) == pytest.approx((0.7, CHEAP + 0.7 * DEAR))
    assert played([wrong, second], NONE).cost == CHEAP
    assert played([wrong], PERFECT).solved == 0


def test_a_perfect_verifier_solves_what_anybody_solves() -> None:
    found = on(TWO, ("cheap", "dear"), PERFECT, range(10))
    assert accuracy(found) == pytest.approx(0.9)
    assert cost(found) == pytest.approx(CHEAP + 0.5 * DEAR)


def test_the_best_constant_and_the_frontier() -> None:
    every = range(10)
    three = table(cheap="yyyyynnnnn", dear="yyyynyyyyn", middle="yynnnnnnnn")
    assert best_constant(three, every) == "dear"
    assert frontier(three, list(every)) == ["cheap", "dear"]
    same = table(cheap="yyyyynnnnn", middle="yyyyynnnnn")
    assert best_constant(same, every) == "cheap"


def test_what_is_learnt_is_cheaper_and_no_worse() -> None:
    assert learnt(TWO, list(range(10)), PERFECT) == ("cheap", "dear")
    assert learnt(TWO, list(range(10)), NONE) == ("dear",)


def test_a_random_mix_lies_between_two_models() -> None:
    """Halfway in money is halfway in tasks."""
    assert mixed(TWO, (CHEAP + DEAR) / 2, range(10)) == pytest.approx(0.65)
    assert mixed(TWO, 0.01, range(10)) == 0.0


def test_parts_share_no_repository() -> None:
    parts = folds(TWO, 3)
    assert sorted(n for part in parts for n in part) == list(range(10))
    names = [{TWO.clusters[n] for n in part} for part in parts]
    assert sum(map(len, names)) == len(set().union(*names)) == 5
    assert len(folds(TWO, 9)) == 5


def test_nothing_is_learnt_from_what_is_scored() -> None:
    """Who solves the largest repository and nothing else plays everywhere but there."""
    names = [*["large__r"] * 6, *["one__r"] * 2, *["two__r"] * 2]
    held = msgspec.structs.replace(
        table(cheap="yyyyyynnnn", dear="nnnnnnyyyy"), clusters=tuple(names)
    )
    assert best_constant(held, range(10)) == "cheap"
    constant = report(held, NONE).scores[1]
    assert constant.chosen == {"dear": 6, "cheap": 4}
    assert constant.accuracy == 0.0


def test_the_report_has_the_baselines_beside_it() -> None:
    found = report(TWO, PERFECT)
    best, constant, cascade = found.scores
    assert (found.baseline, best.share, best.gain.mean) == ("dear", 1.0, 0.0)
    assert sum(cascade.chosen.values()) == sum(constant.chosen.values()) == 10
    assert cascade.cost < best.cost
    assert cascade.gain.interval.low <= cascade.gain.mean <= cascade.gain.interval.high


def test_a_promise_is_made_where_it_can_be_kept() -> None:
    """A cheap model that solves the same is allowed; one that loses half of the tasks is not."""
    many = msgspec.structs.replace(
        TWO,
        tasks=tuple(f"repo__{n // 50}-{n}" for n in range(200)),
        clusters=tuple(f"repo__{n // 50}" for n in range(200)),
        runs={
            "cheap": tuple(Outcome(solved=n % 2 == 0, cost=CHEAP) for n in range(200)),
            "same": tuple(Outcome(solved=True, cost=0.5) for _ in range(200)),
            "dear": tuple(Outcome(solved=True, cost=DEAR) for _ in range(200)),
        },
    )
    found = kept(many, NONE, 0.1)
    assert (found.chosen, found.broken, found.failed) == ({"same": 20}, 0, 0.0)
    assert allowed(many, range(200), PERFECT, 0.1) == ("cheap", "same")


def test_a_promise_is_broken_where_other_repositories_differ() -> None:
    """It is made on a repository that the cheap model solves, and fails on the one it does not."""
    two = Table(
        name="two",
        source="none",
        tasks=tuple(f"{n}" for n in range(200)),
        clusters=("easy",) * 100 + ("hard",) * 100,
        runs={
            "cheap": tuple(Outcome(solved=n < 98, cost=CHEAP) for n in range(200)),
            "dear": tuple(Outcome(solved=True, cost=DEAR) for _ in range(200)),
        },
    )
    found = kept(two, NONE, 0.1)
    assert 0 < found.broken < found.splits
    assert found.failed == found.broken / found.splits
    assert found.chosen == {"cheap": found.broken, "dear": found.splits - found.broken}


def test_a_promise_needs_a_share_and_repositories() -> None:
    for alpha in (0.0, 1.0):
        with pytest.raises(ValueError, match="between 0 and 1"):
            kept(TWO, NONE, alpha)
    alone = msgspec.structs.replace(TWO, clusters=("one",) * 10)
    with pytest.raises(ValueError, match="nothing can be held out"):
        kept(alone, NONE, 0.1)


LINES = """\
dataset,instance_id,model,run,scaffold_version,resolved,cost_usd,api_calls
x,a__b-1,one,r,2.0.0,True,0.5,1
x,a__b-2,one,r,2.0.0,False,0.5,1
x,a__b-1,two,r,2.0.0,True,0.1,1
x,a__b-2,two,r,2.0.0,True,,1
x,a__b-1,old,r,1.0.0,True,0.1,1
"""


def written(folder: Path, text: str) -> Path:
    with gzip.open(folder / "swebench_verified_mini.csv.gz", "wt") as file:
        file.write(text)
    return folder


def test_a_table_holds_one_scaffold_and_whole_runs(tmp_path: Path) -> None:
    """Another scaffold is no line of it; a run without a cost is named and not compared."""
    found = load("swebench-verified-mini", written(tmp_path, LINES))
    assert found.tasks == ("a__b-1", "a__b-2")
    assert set(found.clusters) == {"a__b"}
    assert list(found.runs) == ["one"]
    assert found.left_out == {"two": "1 of 2 tasks without a result or a cost"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LINES, "the tasks are of one repository; nothing can be held out"),
        ("", "holds no line of swebench-verified-mini"),
        (LINES.replace("0.5", "half", 1), "a line of one cannot be read"),
    ],
)
def test_a_table_that_cannot_be_read_is_named(tmp_path: Path, text: str, says: str) -> None:
    done = run_rolecall(
        tmp_path,
        *("bench", "--data", str(written(tmp_path, text)), "--table", "swebench-verified-mini"),
    )
    assert done.returncode == 2
    assert says in done.stderr


def test_the_command_says_what_was_compared(tmp_path: Path) -> None:
    more = "".join(
        f"x,r__{n}-{n},{model},r,2.0.0,{solved},{price},1\n"
        for n in range(6)
        for model, solved, price in (("cheap", n < 3, 0.1), ("dear", n != 3, 1.0))
    )
    folder = written(tmp_path, LINES.splitlines()[0] + "\n" + more)
    words = ("bench", "--data", str(folder), "--table", "swebench-verified-mini")
    done = run_rolecall(tmp_path, *words, "--verifier", "all")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("best constant (dear)") == len(VERIFIERS)
    listed = msgspec.json.decode(run_rolecall(tmp_path, *words, "--json").stdout)
    assert listed[0]["verifier"] == msgspec.to_builtins(
        Verifier(name="90/30", correct=0.9, wrong=0.3)
    )
    wrong = run_rolecall(tmp_path, *words, "--verifier", "70/10")
    assert "there are perfect, 90/10, 90/30, 80/50, none and all" in wrong.stderr
    promised = run_rolecall(tmp_path, *words, "--alpha", "0.5").stdout
    assert "promise to lose at most 50% of tasks: broken in" in promised
    share = run_rolecall(tmp_path, *words, "--alpha", "5")
    assert "--alpha is 5.0; give a share between 0 and 1" in share.stderr
    alone = run_rolecall(tmp_path, *words, "--without", "dear", "--without", "cheap")
    assert "has no model left" in alone.stderr
