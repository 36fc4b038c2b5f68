"""Routing on texts: it learns what is there to learn, and nothing from what it is scored on."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from rolecall.errors import ConfigError
from rolecall.measure.bench import folds
from rolecall.measure.outcomes import Outcome, Table
from rolecall.measure.texts import fit, read, routed, words_of

TASKS = tuple(f"repo{n % 5}__x-{n}" for n in range(100))


def table(cheap: list[bool]) -> Table:
    return Table(
        name="t",
        source="made up",
        tasks=TASKS,
        clusters=tuple(task.rpartition("-")[0] for task in TASKS),
        runs={
            "cheap": tuple(Outcome(solved, 0.1) for solved in cheap),
            "dear": tuple(Outcome(n % 20 > 0, 1.0) for n in range(len(TASKS))),
        },
    )


def test_words_that_tell_are_learnt() -> None:
    """Known answer: a word of solved tasks alone has positive odds, one met once none."""
    model = fit(
        [words_of("easy typo"), words_of("easy rare"), words_of("deadlock here")],
        [True, True, False],
    )
    assert model.odds(words_of("easy")) > model.odds(words_of("deadlock"))
    assert "rare" not in model.words


def test_where_texts_tell_the_router_gains() -> None:
    """Half of the tasks are easy and say so in words that all repositories share."""
    easy = [n % 2 == 0 for n in range(len(TASKS))]
    texts = {
        task: "trivial typo fix" if is_so else "race in scheduler core"
        for task, is_so in zip(TASKS, easy, strict=True)
    }
    found = routed(table(easy), texts, folds(table(easy)))
    assert found.over_mix.lower > 0.1
    assert found.accuracy > 0.9


def test_nothing_is_learnt_from_what_is_scored() -> None:
    """Each repository has a language of its own that tells all, and other repositories nothing."""
    dice = random.Random(2)
    easy = [dice.random() < 0.5 for _ in TASKS]
    texts = {
        task: f"word{chr(97 + n % 5)}{'yes' if is_so else 'nay'}"
        for n, (task, is_so) in enumerate(zip(TASKS, easy, strict=True))
    }
    honest = routed(table(easy), texts, folds(table(easy)))
    leaked = routed(table(easy), texts, [[n] for n in range(len(TASKS))])
    assert abs(honest.over_mix.mean) < 0.1
    assert leaked.over_mix.mean > 0.1


def test_texts_are_read_and_what_is_missing_is_named(tmp_path: Path) -> None:
    """Lines of JSON need no package; a task without a text, and a damaged file, are said."""
    file = tmp_path / "texts.jsonl"
    rows = [{"instance_id": task, "problem_statement": "text"} for task in TASKS[1:]]
    file.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(ConfigError, match="1 tasks have no text, such as repo0__x-0"):
        routed(table([True] * 100), read(file), folds(table([True] * 100)))
    file.write_text("{")
    with pytest.raises(ConfigError, match="lines of JSON"):
        read(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "nowhere.jsonl")
