"""A call that is logged more than once is counted once."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import structs

from rolecall.audit.history import Call, Counts, Thread, Turn
from rolecall.audit.merge import merged
from support.audits import ask, audited
from support.histories import START, ClaudeLog, Used

SONNET = "claude-sonnet-5-5"


def test_an_answer_logged_in_several_lines_counts_as_it_ended(tmp_path: Path) -> None:
    """While it is written the count of its output still grows."""
    log = ClaudeLog(tmp_path, "one")
    log.turn("Go on.", SONNET, [Used(output=1)])
    for output in (1, 30, 400):
        log.answer(SONNET, Used(output=output), "msg_x")
    report, _ = audited(ask(tmp_path))
    assert report.total.calls == 2
    assert report.total.output_tokens == 401


def test_a_forked_session_repeats_nothing(tmp_path: Path) -> None:
    """The fork's file begins with the lines of the first; only what is new in it counts."""
    first = ClaudeLog(tmp_path, "one").turn("Go on.", SONNET, [Used(), Used(), Used()])
    fork = first.path.with_name("two.jsonl")
    shutil.copy(first.path, fork)
    first.answer(SONNET, Used(), "msg_first_goes_on")
    fork.write_text(fork.read_text().replace('"sessionId": "one"', '"sessionId": "two"'))
    with fork.open("a") as file:
        line = json.loads(first.path.read_text().splitlines()[-1])
        line["sessionId"] = "two"
        line["message"]["id"] = "msg_fork_goes_on"
        file.write(json.dumps(line) + "\n")
    report, scene = audited(ask(tmp_path))
    assert report.total.calls == 5
    by_session = {p.thread.session: len(p.bills) for p in scene.pieces}
    assert by_session == {"one": 4, "two": 1}


def test_subagents_count_beside_their_session(tmp_path: Path) -> None:
    """Their answers stand in files of their own, and nowhere else."""
    ClaudeLog(tmp_path, "one").turn("Go on.", SONNET, [Used(input=7)])
    ClaudeLog(tmp_path, "one", agent="a1").turn("Count.", SONNET, [Used(input=11)])
    report, scene = audited(ask(tmp_path))
    assert report.total.input_tokens == 18
    assert {p.work: p.thread.parent for p in scene.pieces} == {"turn": "", "subagent": "one"}


def test_a_side_question_repeats_nothing(tmp_path: Path) -> None:
    """It repeats the conversation's answers under other request ids; its own answer counts."""
    id_ = "msg_01Xy34567890abcdefghij"
    log = ClaudeLog(tmp_path, "one").turn("Go on.", SONNET).answer(SONNET, Used(), id_)
    side = ClaudeLog(tmp_path, "one", agent="aside")
    side.answer(SONNET, Used(), id_)
    text = side.path.read_text().replace(f"req_{id_}", "req_of_its_own")
    side.path.write_text(text)
    side.answer(SONNET, Used(), "msg_01Zz34567890abcdefghij")
    report, scene = audited(ask(tmp_path))
    assert log.path.is_file()
    assert report.total.calls == 3
    assert sum(len(p.bills) for p in scene.pieces if p.work == "subagent") == 1


def test_ids_that_begin_anew_name_no_answer_alone(tmp_path: Path) -> None:
    """An engine that counts its answers from 1 at each start: two sessions are two answers."""
    for hour, name in enumerate(("one", "two")):
        log = ClaudeLog(tmp_path, name, start=START + timedelta(hours=hour))
        log.answer(SONNET, Used(), "msg_1")
    report, _ = audited(ask(tmp_path))
    assert report.total.calls == 2


def test_a_sidechain_in_the_session_s_own_file(tmp_path: Path) -> None:
    """Older versions log sub-agents there: they are pieces of work of their own."""
    log = ClaudeLog(tmp_path, "one").turn("Go on.", SONNET)
    aside = ClaudeLog(tmp_path, "aside").turn("Count the lines.", SONNET, [Used(), Used()])
    text = aside.path.read_text().replace('"isSidechain": false', '"isSidechain": true')
    with log.path.open("a") as file:
        file.write(text.replace('"sessionId": "aside"', '"sessionId": "one"'))
    aside.path.unlink()
    _, scene = audited(ask(tmp_path))
    assert {p.work: len(p.bills) for p in scene.pieces} == {"turn": 1, "subagent": 2}


def test_older_forks_of_codex_repeat_nothing(tmp_path: Path) -> None:
    """They begin with the counts of their parent, at new times; what follows is their own.

    A fork of the fork repeats both. A thread of its own that comes to the same counts is another.
    """
    parent = [("session_meta", {"id": "parent"}), *counted(1, 2, 3)]
    child = [
        ("session_meta", {"id": "child", "forked_from_id": "parent"}),
        ("session_meta", {"id": "parent"}),
        *counted(1, 2, 3, 5),
    ]
    grandchild = [
        ("session_meta", {"id": "grandchild", "forked_from_id": "child"}),
        ("session_meta", {"id": "child"}),
        ("session_meta", {"id": "parent"}),
        *counted(1, 2, 3, 5, 8, 8),
    ]
    other = [("session_meta", {"id": "other"}), *counted(1)]
    for hour, thread in enumerate((parent, child, grandchild, other)):
        rollout(tmp_path, hour, thread)
    _, scene = audited(ask(tmp_path))
    told = {p.thread.session: [b.call.counts.input for b in p.bills] for p in scene.pieces}
    assert told == {"parent": [1, 2, 3], "child": [5], "grandchild": [8, 8], "other": [1]}


def test_a_codex_thread_that_a_newer_version_goes_on_with(tmp_path: Path) -> None:
    """First counts alone, then records with their counts: each answer once."""
    rollout(
        tmp_path,
        0,
        [
            ("session_meta", {"id": "one"}),
            *counted(1, 2),
            ("token_usage_record", {"response_id": "resp_1", "usage": {"input_tokens": 4}}),
            *counted(4, before=3),
        ],
    )
    report, _ = audited(ask(tmp_path))
    assert (report.total.calls, report.total.input_tokens) == (3, 7)


def test_a_message_of_gemini_keeps_its_usage(tmp_path: Path) -> None:
    """Where a session's messages are all logged again without their counts."""
    path = tmp_path / ".gemini/tmp/shop/chats/session-a.jsonl"
    path.parent.mkdir(parents=True)
    answer = {"id": "a", "type": "gemini", "timestamp": START.isoformat(), "content": "ok"}
    whole = answer | {"model": "gemini-3-pro", "tokens": {"input": 70, "output": 5}}
    lines = [{"sessionId": "s", "kind": "main"}, whole, {"$set": {"messages": [answer]}}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    report, _ = audited(ask(tmp_path))
    assert (report.total.calls, report.total.input_tokens) == (1, 70)
    assert report.by_model[0].name.endswith("gemini-3-pro")


def counted(*inputs: int, before: int = 0) -> list[tuple[str, object]]:
    """The counts of answers as Codex logs them beside their running total."""
    lines: list[tuple[str, object]] = []
    for tokens in inputs:
        before += tokens
        info = {
            "last_token_usage": {"input_tokens": tokens, "total_tokens": tokens},
            "total_token_usage": {"input_tokens": before, "total_tokens": before},
        }
        lines.append(("event_msg", {"type": "token_count", "info": info}))
    return lines


def rollout(home: Path, hour: int, lines: list[tuple[str, object]]) -> None:
    path = home / f".codex/sessions/2026/11/10/rollout-{hour}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    at = (START + timedelta(hours=hour)).isoformat()
    told = ({"timestamp": at, "type": sort, "payload": payload} for sort, payload in lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in told))


def test_a_forked_session_of_opencode(tmp_path: Path) -> None:
    """It repeats the messages under new ids, with the same times and counts."""
    path = tmp_path / ".local/share/opencode/opencode.db"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE session (id, parent_id, directory, time_updated)")
        db.execute("CREATE TABLE message (id, session_id, time_created, time_updated, data)")
        db.execute("CREATE TABLE part (id, message_id, data)")
        for session in ("first", "fork"):
            db.execute("INSERT INTO session VALUES (?, NULL, '/w', 1)", (session,))
            for number in range(3):
                data = {
                    "role": "assistant",
                    "time": {"created": 1_795_538_000_000 + number, "completed": 1},
                    "tokens": {"input": 5, "output": 2, "cache": {"read": 3, "write": 1}},
                    "modelID": "m",
                    "providerID": "p",
                }
                row = (f"{session}{number}", session, number, number, json.dumps(data))
                db.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", row)
    report, _ = audited(ask(tmp_path))
    assert report.total.calls == 3
    assert report.total.input_tokens == 27
    assert report.total.cache_read_input_tokens == 9


def thread(client: str, *calls: Call, session: str = "s", place: str = "log") -> Thread:
    turns = (Turn(at=calls[0].at),)
    return Thread(client=client, session=session, place=place, turns=turns, calls=calls)


def call(name: str, minute: float, counts: Counts, *, routed: bool = False) -> Call:
    at = START + timedelta(minutes=minute)
    return Call(
        id=name,
        at=at,
        turn=0,
        model="m",
        counts=counts,
        role="code" if routed else None,
        seconds=2.0 if routed else 0,
    )


def test_what_the_ledger_knows_is_its_word() -> None:
    """A client and rolecall log the same call; the price and the model are the ledger's."""
    log = thread("codex", call("a", 0.02, Counts(10, 5)), call("b", 1, Counts(10, 5)))
    ledger = thread("codex", call("1", 0, Counts(10, 5), routed=True), place="ledger")
    told = merged([log, ledger])
    kept = {(one.place, call.id) for one in told for call in one.calls}
    assert kept == {("log", "b"), ("ledger", "1")}


def test_the_same_counts_at_another_time_are_another_call() -> None:
    """An hour later the same size is a coincidence."""
    log = thread("codex", call("a", 60, Counts(10, 5)))
    ledger = thread("codex", call("1", 0, Counts(10, 5), routed=True), place="ledger")
    assert sum(len(one.calls) for one in merged([log, ledger])) == 2


def test_a_sum_loses_what_the_ledger_knows_of_it() -> None:
    """Vibe keeps only a total of older answers; the ledger may know some of them."""
    lump = structs.replace(call("earlier", 0, Counts(100, 50, 40)), lump=True)
    log = thread("mistral-vibe", lump)
    ledger = thread("mistral-vibe", call("1", 0, Counts(60, 20, 40), routed=True), place="ledger")
    told = merged([log, ledger])
    rest = next(call for one in told for call in one.calls if call.lump)
    assert rest.counts == Counts(40, 30)


def test_aiders_rounded_counts_are_known_again() -> None:
    """2,431 tokens are printed as 2.4k, at the start of the session."""
    aider = Thread(
        client="aider",
        session="s",
        place="log",
        approximate=True,
        untimed=True,
        turns=(Turn(at=START),),
        calls=(call("a", 0, Counts(2400, 36)),),
    )
    ledger = thread("aider", call("1", 30, Counts(2431, 36), routed=True), place="ledger")
    assert [one.place for one in merged([aider, ledger])] == ["ledger"]


def test_the_past_begins_when_it_is_asked_to(tmp_path: Path) -> None:
    """Calls before the moment count nowhere, those after it do."""
    log = ClaudeLog(tmp_path, "one", start=datetime(2026, 11, 1, tzinfo=UTC))
    log.turn("Go on.", SONNET, [Used()])
    log.at = datetime(2026, 11, 20, tzinfo=UTC)
    log.turn("Go on.", SONNET, [Used(), Used()])
    report, _ = audited(ask(tmp_path, since=datetime(2026, 11, 10, tzinfo=UTC)))
    assert report.total.calls == 2
