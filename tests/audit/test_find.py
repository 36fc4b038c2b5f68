"""Logs are found where clients leave them, once, and whatever else lies there is passed over."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import structs

from rolecall.config.machine import Machine
from support.audits import ask, audited
from support.histories import ClaudeLog, Used

SONNET = "claude-sonnet-5-5"


def test_a_folder_that_a_variable_names(tmp_path: Path) -> None:
    """Clients can be told to keep their logs elsewhere; so can the audit, by the same variable."""
    ClaudeLog(tmp_path, "one").turn("Go on.", SONNET)
    (tmp_path / ".claude").rename(tmp_path / "moved")
    asked = ask(tmp_path)
    assert audited(asked)[0].total.calls == 0
    machine = Machine(home=tmp_path, environ={"CLAUDE_CONFIG_DIR": str(tmp_path / "moved")})
    moved = structs.replace(asked, where=structs.replace(asked.where, machine=machine))
    assert audited(moved)[0].total.calls == 1


def test_links_are_followed_once(tmp_path: Path) -> None:
    """A file under two names, and a folder under two, are one log."""
    log = ClaudeLog(tmp_path, "one").turn("Go on.", SONNET, [Used(), Used()])
    log.path.with_name("two.jsonl").symlink_to(log.path)
    (log.path.parent.parent / "other").symlink_to(log.path.parent)
    report, _ = audited(ask(tmp_path, [tmp_path, log.path, log.path.parent]))
    assert report.total.calls == 2


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """What is no file is none of a client's logs."""
    log = ClaudeLog(tmp_path, "one").turn("Go on.", SONNET)
    os.mkfifo(log.path.with_name("two.jsonl"))
    assert audited(ask(tmp_path))[0].total.calls == 1


def test_one_file_is_enough(tmp_path: Path) -> None:
    """A path may be a log itself, and no other is read then."""
    log = ClaudeLog(tmp_path, "one").turn("Go on.", SONNET)
    ClaudeLog(tmp_path, "two").turn("Go on.", SONNET)
    report, _ = audited(ask(tmp_path, [log.path]))
    assert report.total.calls == 1
    assert not [note for note in report.notes if "cannot be read" in note]
