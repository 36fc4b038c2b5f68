"""Each habit is found where it was planted, with its money, and nowhere else."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from rolecall.audit.habits.finding import Habit, Scene, connecting
from rolecall.audit.habits.table import HABITS
from rolecall.audit.history import Counts
from rolecall.audit.table import SOURCES
from rolecall.audit.tariffs import Served
from rolecall.connect.table import CLIENTS
from support.audits import ask, audited, found, stack
from support.histories import (
    CODING,
    FAILED,
    OBJECTION,
    PASSED,
    PLANNING,
    START,
    TRIVIAL,
    ClaudeLog,
    Used,
)

OPUS, SONNET, HAIKU = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"
WARM = [Used(input=100, write=20_000), Used(input=100, read=20_000, write=500)]


def clean(home: Path) -> None:
    """Work as it should be: the strongest plans, the workhorse codes, the fast one does chores."""
    ClaudeLog(home, "plan").turn(PLANNING, OPUS, WARM)
    coding = ClaudeLog(home, "code")
    for _ in range(5):
        used = [Used(input=100, read=20_000), Used(read=20_100), Used(read=20_200)]
        coding.turn(CODING, SONNET, used, edits=1, tests=PASSED)
    trivial = ClaudeLog(home, "trivial")
    for _ in range(5):
        trivial.turn(TRIVIAL, HAIKU)
    helper = ClaudeLog(home, "code", agent="a1")
    for _ in range(4):
        helper.turn("Count the lines of main.py.", HAIKU)


def test_a_clean_history_raises_nothing(tmp_path: Path) -> None:
    """Five habits' worth of ordinary work, and no finding."""
    clean(tmp_path)
    report, _ = audited(ask(tmp_path, in_force=stack(tmp_path)))
    assert report.turns == 11  # those of sub-agents are none
    assert [one.id for one in report.findings] == []


def test_the_strongest_class_on_trivial_work(tmp_path: Path) -> None:
    """The money is what the same tokens cost less with the model that plays `fast`."""
    clean(tmp_path)
    session = ClaudeLog(tmp_path, "dear", folder="/home/ada/dear")
    for _ in range(4):
        session.turn(TRIVIAL, OPUS, [Used(input=10_000, output=1_000)])
    report, scene = audited(ask(tmp_path, in_force=stack(tmp_path)))
    one = found(report, "premium-on-trivial")
    assert one is not None
    assert (one.count, one.of) == (4, 5)
    dear = next(p for p in scene.pieces if p.served.model == OPUS and p.role == "fast")
    cheap = scene.tariffs.served("anthropic", HAIKU)
    saved = dear.cost - (cheap.cost(dear.bills[0].call.counts, dear.at) or 0)
    assert one.money == 4 * saved > 0
    assert one.money_is == "saved"
    assert one.confidence >= 0.7
    assert [seen.session for seen in one.seen] == ["dear"]


def test_trivial_words_that_turned_out_hard_are_no_habit(tmp_path: Path) -> None:
    """Tests that fail, or many calls, say that the work was not as small as its words."""
    session = ClaudeLog(tmp_path, "hard")
    for _ in range(4):
        session.turn(TRIVIAL, OPUS, [Used(), Used()], tests=FAILED)
    for _ in range(4):
        session.turn(TRIVIAL, OPUS, [Used()] * 13)
    report, _ = audited(ask(tmp_path, in_force=stack(tmp_path)))
    assert found(report, "premium-on-trivial") is None


def test_the_fast_class_on_planning(tmp_path: Path) -> None:
    """What went wrong counts with the turn after it; the rest is told and costs nothing."""
    clean(tmp_path)
    session = ClaudeLog(tmp_path, "thin", folder="/home/ada/thin")
    for _ in range(3):
        session.turn(PLANNING, HAIKU, [Used(input=1_000_000, output=0)])
    session.turn(OBJECTION, SONNET, [Used(input=1_000_000, output=0)])
    report, scene = audited(ask(tmp_path, in_force=stack(tmp_path)))
    one = found(report, "fast-on-hard")
    assert one is not None
    assert (one.count, one.of) == (3, 4)
    assert "1 went wrong" in one.says
    own = [p for p in scene.pieces if p.thread.session == "thin"]
    assert one.money == own[2].cost + own[3].cost


def test_a_local_model_that_keeps_failing(tmp_path: Path) -> None:
    """Five failures of six, each followed by another model: beyond chance more than a third."""
    clean(tmp_path)
    text = """
[providers.ollama]
base_url = "http://127.0.0.1:11434"
dialects = ["openai.chat"]
zone = "local"
auth = "none"
billed = false

[roles]
plan = ["anthropic/claude-opus-5-5"]
code = ["anthropic/claude-sonnet-5-5"]
local = ["ollama/qwen3-coder:30b"]
"""
    from_log = local_log(tmp_path, failures=5, successes=1)
    report, scene = audited(ask(tmp_path, in_force=stack(tmp_path, text)))
    one = found(report, "local-that-fails")
    assert one is not None
    assert (one.count, one.of) == (5, 6)
    mended = scene.tariffs.served("anthropic", SONNET).cost(Counts(9000, 500), scene.at)
    assert one.money == 5 * (mended or 0) > 0
    assert from_log.is_file()


def test_a_local_model_that_fails_now_and_then_is_left_alone(tmp_path: Path) -> None:
    """Two failures of eight may be chance."""
    local_log(tmp_path, failures=2, successes=6)
    report, _ = audited(ask(tmp_path))
    assert found(report, "local-that-fails") is None


def local_log(home: Path, *, failures: int, successes: int) -> Path:
    """A session of pi with an engine on this machine; a hosted model mends what fails."""
    path = home / ".pi/agent/sessions/shop/one.jsonl"
    path.parent.mkdir(parents=True)
    lines: list[object] = [{"type": "session", "id": "local", "cwd": "/home/ada/shop"}]
    at = START

    def message(**told: object) -> None:
        lines.append(
            {"type": "message", "id": str(len(lines)), "timestamp": at.isoformat(), "message": told}
        )

    def turn(words: str, model: str, provider: str, tests: str) -> None:
        message(role="user", content=[{"type": "text", "text": words}])
        used = {"input": 9000, "output": 500, "cacheRead": 0, "cacheWrite": 0}
        call = {"type": "toolCall", "id": "t", "name": "bash", "arguments": {"command": "pytest"}}
        answer = {"role": "assistant", "model": model, "provider": provider, "usage": used}
        message(**answer, content=[call])
        message(role="toolResult", toolCallId="t", content=[{"type": "text", "text": tests}])

    for number in range(failures + successes):
        at += timedelta(minutes=5)
        failed = number < failures
        turn(CODING, "qwen3-coder:30b", "ollama", FAILED if failed else PASSED)
        if failed:
            turn("Go on.", SONNET, "anthropic", PASSED)
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


def test_models_changed_for_no_reason(tmp_path: Path) -> None:
    """The money is what reading the conversation anew cost above reading it from the cache."""
    session = ClaudeLog(tmp_path, "churn")
    models = [SONNET, OPUS] * 4
    for number, model in enumerate(models):
        used = Used(input=0, write=50_000) if number else Used(input=100, write=49_900)
        session.turn(CODING, model, [used])
    report, scene = audited(ask(tmp_path, in_force=stack(tmp_path)))
    one = found(report, "churn")
    assert one is not None
    assert (one.count, one.of) == (7, 7)
    opus, sonnet = (scene.tariffs.served("anthropic", name) for name in (OPUS, SONNET))
    each = [priced(served, scene.at) for served in (opus, sonnet)]
    assert one.money == 4 * each[0] + 3 * each[1]


def priced(served: Served, at: datetime) -> Decimal:
    """50,000 tokens written to the cache in place of read from it."""
    rates = served.rates(at)
    assert rates is not None
    assert rates.cache_write is not None
    assert rates.cache_read is not None
    return Decimal(50_000) * (rates.cache_write - rates.cache_read) / 1_000_000


def test_changes_with_a_reason_are_none(tmp_path: Path) -> None:
    """A failure, a long rest and other work each explain a change."""
    session = ClaudeLog(tmp_path, "fine")
    for _ in range(2):
        session.turn(CODING, SONNET, [Used(), Used(write=9_000)], tests=FAILED)
        session.turn(CODING, OPUS, [Used(write=9_000)])
        session.at += timedelta(hours=2)
        session.turn(CODING, SONNET, [Used(write=9_000)])
        session.turn(PLANNING, OPUS, [Used(write=9_000)])
        session.turn(CODING, SONNET, [Used(write=9_000)])
    report, _ = audited(ask(tmp_path, in_force=stack(tmp_path)))
    assert found(report, "churn") is None


def test_caches_lost_although_nothing_rested(tmp_path: Path) -> None:
    """Three calls that read 40,000 tokens anew a minute after they were read."""
    session = ClaudeLog(tmp_path, "lost")
    session.turn(CODING, SONNET, [Used(input=0, write=40_000)] * 4)
    report, scene = audited(ask(tmp_path, in_force=stack(tmp_path)))
    one = found(report, "caches-lost")
    assert one is not None
    assert (one.count, one.of) == (3, 3)
    each = priced(scene.tariffs.served("anthropic", SONNET), scene.at) * 40_000 / 50_000
    assert one.money == 3 * each > 0
    assert one.money_is == "lost"


def test_a_cache_that_rested_too_long_is_told_beside(tmp_path: Path) -> None:
    """What goes cold in a pause is no habit of a client's."""
    session = ClaudeLog(tmp_path, "rest")
    for _ in range(5):
        session.turn(CODING, SONNET, [Used(input=0, write=40_000)], step=timedelta(hours=1))
    report, _ = audited(ask(tmp_path, in_force=stack(tmp_path)))
    assert found(report, "caches-lost") is None


def test_subagents_that_inherit_the_strongest_class(tmp_path: Path) -> None:
    """A sub-agent is known by its own file."""
    clean(tmp_path)
    helper = ClaudeLog(tmp_path, "code", agent="dear")
    for _ in range(3):
        helper.turn("Count the lines of main.py.", OPUS, [Used(input=5_000)])
    report, scene = audited(ask(tmp_path, in_force=stack(tmp_path)))
    one = found(report, "premium-subagents")
    assert one is not None
    assert one.count == 3
    assert one.confidence == 1.0
    assert one.money == 3 * saved(scene, Counts(5_000, 200)) > 0


def test_chores_on_the_strongest_class(tmp_path: Path) -> None:
    """A client's own log says what is a chore: three compactions by the model of the session."""
    clean(tmp_path)
    compactions(tmp_path, OPUS, 3)
    report, scene = audited(ask(tmp_path, in_force=stack(tmp_path)))
    one = found(report, "premium-chores")
    assert one is not None
    assert (one.count, one.of) == (3, 3)
    assert one.confidence == 1.0
    assert one.money == 3 * saved(scene, Counts(40_000, 900)) > 0
    assert one.money_is == "saved"


def test_chores_on_the_fast_class_are_none(tmp_path: Path) -> None:
    """That is who should do them."""
    compactions(tmp_path, HAIKU, 5)
    report, _ = audited(ask(tmp_path, in_force=stack(tmp_path)))
    assert report.total.calls == 5
    assert report.findings == ()


def saved(scene: Scene, counts: Counts) -> Decimal:
    """What the fast class would have cost less for these counts."""
    dear, cheap = (scene.tariffs.served("anthropic", name) for name in (OPUS, HAIKU))
    return (dear.cost(counts, scene.at) or Decimal(0)) - (cheap.cost(counts, scene.at) or 0)


def compactions(home: Path, model: str, number: int) -> None:
    """A session of opencode that holds nothing but its own compactions."""
    path = home / ".local/share/opencode/opencode.db"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE session (id, parent_id, directory, time_updated)")
        db.execute("CREATE TABLE message (id, session_id, time_created, time_updated, data)")
        db.execute("CREATE TABLE part (id, message_id, data)")
        db.execute("INSERT INTO session VALUES ('s', NULL, '/home/ada/shop', 1)")
        for place in range(number):
            at = (START + timedelta(minutes=place)).timestamp() * 1000
            data = {
                "role": "assistant",
                "agent": "compaction",
                "time": {"created": at, "completed": at + 1000},
                "tokens": {"input": 40_000, "output": 900},
                "modelID": model,
                "providerID": "anthropic",
            }
            row = (str(place), "s", place, place, json.dumps(data))
            db.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", row)


def test_a_loop_that_ran_away(tmp_path: Path) -> None:
    """Tests that fail alike three times in a row, in one turn."""
    clean(tmp_path)
    session = ClaudeLog(tmp_path, "loop")
    session.turn("Make the tests pass.", SONNET, [Used()])
    session.turn(CODING, SONNET, [Used()] * 4, runs=4, tests=FAILED)
    report, scene = audited(ask(tmp_path, in_force=stack(tmp_path)))
    one = found(report, "runaway-loops")
    assert one is not None
    assert one.count == 1
    [*_, last] = [p for p in scene.pieces if p.thread.session == "loop"]
    assert one.money == last.cost > 0
    assert one.money_is == "spent"
    assert "4 times in a row" in one.seen[0].says


def test_fifty_calls_without_an_edit_ran_away(tmp_path: Path) -> None:
    """And with an edit among them they did not."""
    ClaudeLog(tmp_path, "lost").turn(CODING, SONNET, [Used()] * 50)
    ClaudeLog(tmp_path, "busy").turn(CODING, SONNET, [Used()] * 50, edits=1)
    report, _ = audited(ask(tmp_path, in_force=stack(tmp_path)))
    one = found(report, "runaway-loops")
    assert one is not None
    assert [seen.session for seen in one.seen] == ["lost"]
    assert "50 calls and no edit" in one.seen[0].says


def test_models_that_retire(tmp_path: Path) -> None:
    """The catalogue's newest end within the window is named with its successor."""
    report, scene = audited(ask(tmp_path))
    ending = next(
        surface
        for model in scene.known.facts.models
        for surface in model.surfaces
        if surface.on == "anthropic" and surface.retires and surface.successor
    )
    ClaudeLog(tmp_path, "old").turn(CODING, ending.id)
    report, _ = audited(ask(tmp_path))
    one = found(report, "retiring-models")
    assert one is not None
    assert ending.id in one.says
    assert one.change is not None
    assert str(ending.successor) in one.change.says
    assert "claude-code" in one.change.says
    assert one.money == report.total.cost > 0


@pytest.mark.parametrize("name", ["premium-on-trivial", "fast-on-hard", "churn", "caches-lost"])
def test_an_empty_home_raises_nothing(name: Habit, tmp_path: Path) -> None:
    """Nothing was logged, so nothing is said."""
    report, _ = audited(ask(tmp_path))
    assert report.total.calls == 0
    assert found(report, name) is None


def test_what_connects_a_client_is_a_command_that_there_is() -> None:
    """By the name that `rolecall connect` knows; what a log calls a client is never run."""
    sources = [name for name in SOURCES if name != "rolecall"]
    assert {connecting(name).split()[-1] for name in sources} <= CLIENTS.keys()
    assert connecting("mistral-vibe") == "rolecall connect vibe"
    assert connecting("curl; reboot") == "rolecall connect --list"


def test_all_nine_are_looked_for() -> None:
    """Each name of a habit has its rule."""
    assert len(HABITS) == len(get_args(Habit)) == 9
