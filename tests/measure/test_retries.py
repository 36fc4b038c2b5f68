"""The same model asked again, and charts, on small tables with known answers."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from rolecall.errors import ConfigError
from rolecall.measure.chart import Point, chart
from rolecall.measure.retries import (
    FILE,
    Trials,
    cascade,
    compared,
    list_price,
    load,
    luck,
    retry,
    scaffold_of,
)
from rolecall.measure.strategies import VERIFIERS, Verifier
from support.gateway import run_rolecall

PERFECT = VERIFIERS[0]
HALF = Verifier(name="half", correct=1.0, wrong=0.5)


def test_known_answers_of_two_attempts() -> None:
    """Two of four runs solved: a perfect verifier solves 1 - (2/4 x 1/3) by asking again."""
    runs = (True, True, False, False)
    again = retry(runs, PERFECT)
    assert again.solved == pytest.approx(1 - 2 / 4 * 1 / 3)
    assert again.attempts == pytest.approx(1.5)
    both = cascade(runs, (True, False), PERFECT)
    assert both.solved == pytest.approx(1 - 2 / 4 * 1 / 2)
    half = cascade((False,), (True,), HALF)
    assert (half.solved, half.attempts) == (0.5, 1.5)
    assert cascade((True,), (False,), VERIFIERS[-1]).attempts == 1


def table(**runs: tuple[tuple[bool, ...], ...]) -> Trials:
    tasks = tuple(f"task-{n}" for n in range(len(next(iter(runs.values())))))
    return Trials(tasks=tasks, runs=dict(runs))


def test_scaffolds_are_never_mixed() -> None:
    """Only submissions of one scaffold are compared, and unnamed ones stand alone."""
    some = ((True, False), (False, False))
    found = table(
        **{
            "20250101_a_claude-4-sonnet": some,
            "20250102_a_claude-4-opus": some,
            "20250103_b_claude-4-sonnet": some,
            "ob1": some,
        }
    )
    pairs = {one.cascade for one in compared(found, PERFECT)}
    first, second = "20250101_a_claude-4-sonnet", "20250102_a_claude-4-opus"
    assert pairs == {(first, second), (second, first)}
    assert scaffold_of("ob1-09-10-25") == "ob1-09-10-25"
    assert [list_price(name) for name in found.runs] == [1.0, 5.0, 1.0, None]


def test_twins_gain_nothing_and_luck_is_counted() -> None:
    """Two submissions with the same runs: no gain over a retry can be shown."""
    runs = ((True, False), (True, True), (False, False), (False, True))
    twins = table(**{"20250101_a_x": runs, "20250102_a_y": runs})
    assert all(one.gain.lower <= 0 for one in compared(twins, PERFECT))
    assert luck(twins) == {"20250101_a_x": 0.5, "20250102_a_y": 0.5}


def test_a_cheap_first_attempt_pays_where_models_differ() -> None:
    """Each solves its own half always: a cascade solves all, a retry half, for less."""
    mine, yours = (
        ((True, True),) * 6 + ((False, False),) * 6,
        ((False, False),) * 6 + ((True, True),) * 6,
    )
    found = table(**{"20250101_a_claude-4-sonnet": mine, "20250102_a_claude-4-opus": yours})
    best = compared(found, PERFECT)[0]
    assert best.solved == 1.0
    assert best.retries == (0.5, 0.5)
    assert best.gain.mean == pytest.approx(0.5)
    assert best.at_list_price is not None
    assert best.at_list_price.mean == pytest.approx(0.5)


def test_a_file_is_read_and_a_missing_one_is_named(tmp_path: Path) -> None:
    """Submissions that did not run every task more than once are left out."""
    lines = ["submission,instance_id,trial,resolved"]
    lines += [f"20250101_a_x,t{n},{k},{k == 0}" for n in range(2) for k in range(2)]
    lines += ["20250101_a_y,t0,0,True"]
    (tmp_path / FILE).write_bytes(gzip.compress("\n".join(lines).encode()))
    found = load(tmp_path)
    assert found.runs == {"20250101_a_x": ((True, False), (True, False))}
    with pytest.raises(ConfigError, match="--data"):
        load(tmp_path / "elsewhere")


POINTS = [
    Point(name="dear & good", kind="frontier", cost=1.4, solved=0.95),
    Point(name="cheap", kind="frontier", cost=0.03, solved=0.7),
    Point(name="neither <x>", kind="model", cost=0.5, solved=0.6),
    Point(name="cascade", kind="cascade", cost=0.3, solved=0.9, low=0.85, high=0.97),
    Point(name="free", kind="model", cost=0.0, solved=0.9),
]


def test_a_chart_is_well_formed_and_names_everybody() -> None:
    """Names are escaped; what has no cost has no place on the axis."""
    drawn = chart("a < b", POINTS)
    tree = ET.fromstring(drawn)  # noqa: S314 (our own)
    told = " ".join(tree.itertext())
    assert all(one.name in told for one in POINTS[:4])
    assert "free" not in told
    marks = [e for e in tree.iter() if e.tag.endswith("circle")]
    assert len(marks) == 4
    y = {e[0].text: float(e.attrib["cy"]) for e in marks}
    assert min(y, key=y.__getitem__) == "dear & good: 95.0% at $1.400"
    with pytest.raises(ValueError, match="no cost"):
        chart("nothing", POINTS[4:])


def test_labels_never_overlap() -> None:
    """However many cascades stand at one place."""
    same = [Point(name=f"c{n}", kind="cascade", cost=0.5, solved=0.8) for n in range(20)]
    tree = ET.fromstring(chart("t", same))  # noqa: S314 (our own)
    at = sorted(
        float(e.attrib["y"])
        for e in tree.iter()
        if e.tag.endswith("text") and e.text in {s.name for s in same}
    )
    assert all(b - a >= 12 for a, b in pairwise(at))
    assert at[-1] <= 520


def test_the_bench_draws(tmp_path: Path) -> None:
    """SVG and PNG of each table that is there; the path says which models were left out."""
    lines = ["benchmark,instance_id,agent,model,run,resolved,cost_usd"]
    for model, cost in (("cheap", 0.1), ("dear", 1.0)):
        for n in range(30):
            solved = model == "dear" or n % 3 == 0
            lines.append(f"swe-bench,repo{n % 6}__x-{n},openhands,{model},1,{solved},{cost}")
    (tmp_path / "openhands_index.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    arguments = ("bench", "--data", str(tmp_path), "--table", "swe-bench", "--charts")
    done = run_rolecall(tmp_path, *arguments, str(tmp_path / "drawn"))
    assert done.stdout.endswith("bench-swe-bench.svg and bench-swe-bench.png\n"), done.stderr
    assert (tmp_path / "drawn/bench-swe-bench.png").read_bytes().startswith(b"\x89PNG")
