"""Reviews are judged by the places they name, and not by how many they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.trials.judging.execute import plain
from rolecall.trials.judging.judge import judge, judge_review
from rolecall.trials.judging.reviews import Place, chance, places
from rolecall.types.trials import Defect, Task

DEFECT = Defect(path="src/shop/prices.py", first=40, last=42, says="Rounds down")


def task(*defects: Defect) -> Task:
    return Task(id="r", repository="/r", base="b", request="Review", kind="review", defects=defects)


@pytest.mark.parametrize(
    "answer",
    [
        "src/shop/prices.py:41: rounds down",
        "- `prices.py:38` rounds down",
        "**src/shop/prices.py**, line 44: rounds down",
        "shop/prices.py (lines 30-39): rounds down",
        "src/shop/prices.py#L42",
        "/work/tree/src/shop/prices.py:42:5: rounds down",
        "./src/shop/prices.py:L40",
    ],
)
def test_a_place_may_be_written_in_many_ways(answer: str) -> None:
    assert judge_review(task(DEFECT), answer).solved is True


@pytest.mark.parametrize(
    "answer",
    [
        "src/shop/prices.py:36: rounds down",
        "src/shop/prices.py:46: rounds down",
        "src/shop/other_prices.py:41: rounds down",
        "src/shop/prices.py rounds down somewhere",
        "http://localhost:41 is wrong, and so is line 41",
        "src/shop/prices.py:1-2000: all of it",
        "",
    ],
)
def test_another_place_is_another_place(answer: str) -> None:
    """Beside it, in another file, without a line, or all lines at once: none names the defect."""
    assert judge_review(task(DEFECT), answer).solved is False


def test_only_the_first_places_count() -> None:
    """Who names ten places has named three."""
    lines = [f"src/shop/prices.py:{line}: wrong" for line in (100, 200, 300, 41)]
    found = judge_review(task(DEFECT), "\n".join(lines))
    assert found.solved is False
    assert found.says == "0 of 1 defects found; 4 places named, the first 3 counted"
    assert judge_review(task(DEFECT), "\n".join(lines[1:])).solved is True


def test_every_defect_has_to_be_found() -> None:
    other = Defect(path="a.py", first=3, last=3)
    found = judge_review(task(DEFECT, other), "src/shop/prices.py:41 wrong")
    assert (found.solved, found.says) == (False, "1 of 2 defects found; 1 place named")
    assert judge_review(task(DEFECT, other), "src/shop/prices.py:41, a.py:3").solved is True


def test_the_same_place_twice_is_one() -> None:
    assert list(places("a.py:3, then a.py:3 again")) == [Place("a.py", 3, 3)]


def test_the_chance_of_guessing_is_known() -> None:
    """Three guesses, each of which hits the defect's lines or three beside: 1 - (1 - 9/100)^3."""
    assert chance(DEFECT, 100) == pytest.approx(1 - 0.91**3)
    assert chance(DEFECT, 5) == 1


def test_an_answer_is_read_from_the_tree(tmp_path: Path) -> None:
    """As a file of its own; a link to another one is no answer."""
    (tmp_path / "REVIEW.md").write_text("prices.py:41: rounds down")
    assert judge(task(DEFECT), tmp_path, plain).solved is True
    (tmp_path / "REVIEW.md").rename(tmp_path / "else.md")
    (tmp_path / "REVIEW.md").symlink_to("else.md")
    assert judge(task(DEFECT), tmp_path, plain).solved is False
