"""From a finding to the edit, and what the next audit says of it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import tomlkit
from msgspec import structs

from rolecall.audit.apply import edit_of, remember, remembered, since
from rolecall.audit.habits.finding import Change
from rolecall.config.edits import make, undo
from support.audits import AT, ask, audited, found, stack
from support.gateway import run_rolecall
from support.histories import TRIVIAL, ClaudeLog, Used

OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-5-5"
DEAR = """# my stack
[roles]
plan = ["anthropic/claude-opus-5-5"] # thinks
code = ["anthropic/claude-sonnet-5-5"]
fast = ["anthropic/claude-opus-5-5"]
"""


def dear(home: Path, days: int = 0) -> None:
    log = ClaudeLog(home, f"dear{days}")
    log.at = AT - timedelta(days=days)
    for _ in range(4):
        log.turn(TRIVIAL, OPUS, [Used(input=10_000)], step=timedelta(seconds=5))


def test_the_edit_answers_the_finding(tmp_path: Path) -> None:
    """A stack whose role `fast` is played by the strongest class gets another first."""
    dear(tmp_path, days=5)
    world = stack(tmp_path, DEAR)
    report, _ = audited(ask(tmp_path, in_force=world))
    one = found(report, "premium-on-trivial")
    assert one is not None
    assert one.change == Change(
        says=f"anthropic/{HAIKU} plays fast in place of anthropic/{OPUS}",
        roles={"fast": f"anthropic/{HAIKU}"},
    )
    change = structs.replace(one.change, kinds={"docs": "fast"})
    edit = edit_of(change, tmp_path / "rolecall.toml")
    assert edit is not None
    told = tomlkit.parse(edit.after)
    assert told["roles"]["fast"] == [f"anthropic/{HAIKU}", f"anthropic/{OPUS}"]
    assert told["routing"]["kind"]["docs"] == "fast"
    assert edit.after.startswith("# my stack")
    assert "# thinks" in edit.after
    make([edit], tmp_path / "data", AT)
    stack(tmp_path, edit.after)
    assert edit_of(change, tmp_path / "rolecall.toml") is None
    undo(tmp_path / "data")
    assert (tmp_path / "rolecall.toml").read_text() == DEAR


def test_the_next_audit_says_what_it_changed(tmp_path: Path) -> None:
    """By the same rule, on what came after: USD a day before and since."""
    dear(tmp_path, days=8)
    world = stack(tmp_path)
    report, scene = audited(ask(tmp_path, in_force=world))
    one = found(report, "premium-on-trivial")
    assert one is not None
    remember(tmp_path / "rolecall", one, AT - timedelta(days=10), AT - timedelta(days=4))
    report, scene = audited(ask(tmp_path, in_force=world))
    [told] = report.applied
    assert told.before > 0
    assert told.since == 0
    assert 3.9 < told.days < 4.1
    dear(tmp_path, days=2)
    report, scene = audited(ask(tmp_path, in_force=world))
    [told] = since(remembered(tmp_path / "rolecall"), scene)
    assert told.since > 0


def test_the_commands_from_the_finding_to_the_undo(tmp_path: Path) -> None:
    """As a user does it: the audit, the sessions behind it, the edit shown, applied, taken back."""
    log = ClaudeLog(tmp_path, "dear", start=AT - timedelta(days=2))
    for _ in range(4):
        log.turn(TRIVIAL, OPUS, [Used(input=10_000)])
    file = tmp_path / "rolecall.toml"
    file.write_text('[roles]\ncode = ["anthropic/claude-sonnet-5-5"]\n')
    env = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}

    def run(*words: str) -> str:
        done = run_rolecall(tmp_path, "audit", *words, "--config", str(file), env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    said = run("--since", "all")
    assert "premium-on-trivial" in said
    assert "rolecall connect claude-code" in said
    assert "dear" in run("show", "premium-on-trivial", "--since", "all")
    assert "rolecall connect claude-code" in run("apply", "premium-on-trivial", "--since", "all")
    shown = json.loads(run("show", "premium-on-trivial", "--since", "all", "--json"))
    assert [seen["session"] for seen in shown["seen"]] == ["dear"]
    what = run("what-if", "--since", "all")
    assert re.search(r"\$[\d.]+ would have been \$[\d.]+, over 4 calls of 4 turns", what)
    assert "unknown" in what


def test_a_past_without_a_configuration(tmp_path: Path) -> None:
    """A stack of the providers that the logs name is tried; where they name none, that is said."""
    env = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    words = ("audit", "what-if", "--since", "all")
    done = run_rolecall(tmp_path, *words, env=env)
    assert done.returncode == 2
    assert "name --stack FILE" in done.stderr
    ClaudeLog(tmp_path, "one").turn(TRIVIAL, OPUS, [Used(input=10_000)])
    done = run_rolecall(tmp_path, *words, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("with plan anthropic/")
    assert "embedded" not in done.stdout


def test_an_edit_applied_and_taken_back(tmp_path: Path) -> None:
    """The command shows it first, makes it on yes, and takes it back to the byte."""
    log = ClaudeLog(tmp_path, "dear", start=AT - timedelta(days=2))
    for _ in range(4):
        log.turn(TRIVIAL, OPUS, [Used(input=10_000)])
    file = tmp_path / "rolecall.toml"
    file.write_text(DEAR)
    env = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}

    def run(*words: str) -> str:
        done = run_rolecall(tmp_path, "audit", *words, "--config", str(file), env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    shown = run("apply", "premium-on-trivial", "--since", "all")
    assert "Nothing was changed" in shown
    assert file.read_text() == DEAR
    run("apply", "premium-on-trivial", "--since", "all", "--yes")
    assert HAIKU in file.read_text()
    assert "edits that were made" in run("--since", "all")
    run("apply", "--undo")
    assert file.read_text() == DEAR
    assert "edits that were made" not in run("--since", "all")
