"""A trial as a user reads it: on a screen, as JSON, as a page that runs nothing."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from msgspec.structs import replace

from rolecall.ledger import trials as kept
from rolecall.ledger.store import Ledger, open_ledger
from rolecall.measure.simulated import Truth
from rolecall.trials.telling.html import page
from rolecall.trials.telling.report import is_settled, report
from support.gateway import run_rolecall
from support.trials import laid

BETTER = Truth(solves=(0.35, 0.85), costs=(0.1, 0.05), kinds=("fix", "docs"))
EQUAL = Truth(solves=(0.5, 0.5), costs=(0.1, 0.1))


def opened(home: Path) -> Ledger:
    return open_ledger(home / "data" / "rolecall" / "ledger.sqlite")


def test_the_screen(tmp_path: Path) -> None:
    """The verdict first, then figures with intervals, noise, kinds, and what does not count."""
    trial, _ = laid(tmp_path, BETTER, 50, weak=("t3",))
    done = run_rolecall(tmp_path, "trial", "report")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"trial {trial.id}: 49 tasks, 150 of 150 runs, agent none, $")
    assert "switch from up/a to up/b: up/b solves more" in lines
    assert any(line.startswith("  shown: it solves more; it costs less") for line in lines)
    assert re.search(r"up/a against itself: [+-]\d+ points \(.+ to .+\) on 49 tasks", done.stdout)
    assert re.search(r"^docs +up/b +switch", done.stdout, re.MULTILINE)
    assert "1 tasks do not count: 1 with a judge that proves little" in lines
    assert len(lines) < 25


def test_the_same_as_json(tmp_path: Path) -> None:
    """A trial is named by the beginning of its id; each run and each verdict is there."""
    laid(tmp_path, EQUAL, 20)
    done = run_rolecall(tmp_path, "trial", "report", "simul", "--json")
    found = msgspec.json.decode(done.stdout)
    assert [one["word"] for one in found["found"]["verdicts"]] == ["not enough data"]
    assert len(found["runs"]) == 60
    assert (
        found["found"]["verdicts"][0]["more"] is None
        or found["found"]["verdicts"][0]["more"]["tasks"]
    )
    missing = run_rolecall(tmp_path, "trial", "report", "other")
    assert missing.returncode == 2
    assert "there is no trial 'other'" in missing.stderr


def test_without_a_trial(tmp_path: Path) -> None:
    done = run_rolecall(tmp_path, "trial", "report")
    assert done.returncode == 2
    assert "there is no trial yet; `rolecall trial run` makes one" in done.stderr


HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[2J\"'&"


def test_the_page_holds_all_and_runs_nothing(tmp_path: Path) -> None:
    """Charts, each run with its change and its log; what a candidate wrote is text."""
    trial, _ = laid(tmp_path, BETTER, 30)
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "change.diff").write_text(f"--- a\n+++ b\n+{HOSTILE}\n")
    (folder / "log.txt").write_text("x" * 50_000 + f"\nthe end {HOSTILE}")
    (folder / "judge.txt").symlink_to("/etc/passwd")
    ledger = opened(tmp_path)
    found = report(ledger, tmp_path / "data" / "rolecall", trial)
    bad = replace(found.runs[0], folder=str(folder), says=HOSTILE)
    request = replace(found.tasks[bad.task], request=f"Do it.\n{HOSTILE}")
    tasks = {**found.tasks, bad.task: request}
    found = replace(found, runs=(bad, *found.runs[1:]), tasks=tasks)
    html = page(found)
    ledger.close()
    assert "<script" not in html
    assert "<img" not in html
    assert "onerror=alert(2)&gt;" in html
    assert "\x1b" not in html
    assert "root:" not in html
    assert "the end &lt;/pre&gt;" in html
    assert "Do it.\n&lt;/pre&gt;" in html
    assert html.count("<svg") == 3
    assert "default-src 'none'" in html
    assert not re.search(r"(?:src|href)=\"?https?:", html)
    assert html.count("<h3>") == len(found.runs)


def test_the_page_by_command(tmp_path: Path) -> None:
    laid(tmp_path, BETTER, 12)
    done = run_rolecall(tmp_path, "trial", "report", "--html", "trial.html")
    assert done.returncode == 0, done.stderr
    assert "<h2>Each run</h2>" in (tmp_path / "trial.html").read_text()


def test_a_trial_that_has_begun_can_be_looked_at(tmp_path: Path) -> None:
    """With a few runs, with none, and where the repository's tasks are gone."""
    trial, runs = laid(tmp_path, BETTER, 10)
    ledger = opened(tmp_path)
    early = replace(trial, id="early", tasks=(*trial.tasks, "t99"))
    kept.keep_trial(ledger, early)
    data = tmp_path / "data" / "rolecall"
    found = report(ledger, data, early)
    assert found.found.verdicts[0].why == "no task"
    assert "11 tasks cannot be read, so their judges count as good" in found.notes[0]
    assert "<svg" not in page(found)
    kept.keep_run(ledger, replace(runs[0], trial="early"))
    found = report(ledger, data, early)
    assert (found.found.runs, found.found.planned) == (1, 33)
    ledger.close()


def test_a_trial_ends_when_more_runs_would_change_nothing(tmp_path: Path) -> None:
    trial, runs = laid(tmp_path, BETTER, 60)
    held = is_settled(trial, {})
    assert held(runs)
    assert not held(runs[:20])
    assert not held([])


def test_money_that_nobody_knows_is_not_drawn(tmp_path: Path) -> None:
    """Without prices there is no chart of cost against success, and the figures say why."""
    trial, runs = laid(tmp_path, EQUAL, 8)
    ledger = opened(tmp_path)
    free = replace(trial, id="free")
    kept.keep_trial(ledger, free)
    for run in runs:
        kept.keep_run(ledger, replace(run, trial="free", cost=None))
    data = tmp_path / "data" / "rolecall"
    with_prices, without = (page(report(ledger, data, one)) for one in (trial, free))
    ledger.close()
    assert with_prices.count("<svg") == 3
    assert without.count("<svg") == 2
    assert "a price is missing" in without
