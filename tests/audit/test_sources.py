"""Whatever a client has logged, the audit reports exactly that, once."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.records import record, snapshot
from rolecall.audit.history import Counts
from rolecall.ledger.store import open_ledger
from support import client_logs
from support.audits import ask, audited
from support.client_logs import Sessions, Writer

Kept = Callable[[Counts], Counts]
"""What of the counts a client logs at all."""


def no_writes(one: Counts) -> Counts:
    return Counts(one.input, one.output, one.read, 0, one.reasoning)


def no_reasoning(one: Counts) -> Counts:
    return Counts(one.input, one.output, one.read, one.write)


def everything(one: Counts) -> Counts:
    return one


CASES: list[tuple[str, Writer, Kept]] = [
    ("gemini-cli", client_logs.gemini_cli, no_writes),
    ("pi", client_logs.pi, no_reasoning),
    ("continue", client_logs.continue_dev, no_reasoning),
    ("mini-swe-agent", client_logs.mini_swe_agent, everything),
    ("llm", client_logs.llm, no_writes),
    ("codex", client_logs.codex, everything),
    ("codex", client_logs.older_codex, everything),
]


@st.composite
def counts(draw: st.DrawFn) -> Counts:
    """Counts that do not contradict each other."""
    read, write, fresh = (draw(st.integers(0, 400_000)) for _ in range(3))
    reasoning, said = draw(st.integers(0, 9_000)), draw(st.integers(0, 9_000))
    return Counts(fresh + read + write, said + reasoning, read, write, reasoning)


SESSIONS = st.dictionaries(
    st.from_regex(r"[a-z0-9]{6}", fullmatch=True),
    st.lists(counts(), min_size=1, max_size=6),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize(("client", "write", "kept"), CASES, ids=[w.__name__ for _, w, _ in CASES])
@settings(max_examples=25, deadline=None)
@given(sessions=SESSIONS)
def test_usage_is_reported_exactly(
    client: str, write: Writer, kept: Kept, sessions: Sessions
) -> None:
    """Each session's answers come back one by one, with the counts that were logged."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write(home, sessions)
        report, scene = audited(ask(home))
    expected = {name: [kept(one) for one in answers] for name, answers in sessions.items()}
    if client == "mini-swe-agent":
        expected = {f"{name}.traj.json": answers for name, answers in expected.items()}
    told: dict[str, list[Counts]] = {}
    for piece in scene.pieces:
        assert piece.thread.client == client
        own = told.setdefault(piece.thread.session, [])
        own += [bill.call.counts for bill in piece.bills]
    assert told == expected
    assert report.total.calls == sum(map(len, expected.values()))
    assert not [note for note in report.notes if "records" in note or "lines" in note]


@settings(max_examples=25, deadline=None)
@given(sessions=SESSIONS)
def test_aider_is_reported_as_it_rounds(sessions: Sessions) -> None:
    """What aider prints is two to four digits; the audit is that far off, and says so."""
    with tempfile.TemporaryDirectory() as folder:
        client_logs.aider(Path(folder), sessions)
        report, scene = audited(ask(Path(folder), [Path(folder)]))
    written = [one for answers in sessions.values() for one in answers]
    told = [bill.call.counts for piece in scene.pieces for bill in piece.bills]
    assert len(told) == len(written)
    for one, other in zip(written, told, strict=True):
        assert abs(one.input - other.input) <= 1000
        assert abs(one.output - other.output) <= max(0.06 * one.output, 0)
    assert "aider: counts are rounded" in " ".join(report.notes)


LINED = (client_logs.gemini_cli, client_logs.pi, client_logs.codex, client_logs.older_codex)
LINES = [case for case in CASES if case[1] in LINED]


def told(home: Path) -> Counter[Counts]:
    """The counts that an audit of a home finds."""
    _, scene = audited(ask(home))
    return Counter(bill.call.counts for piece in scene.pieces for bill in piece.bills)


def written(sessions: Sessions, kept: Kept) -> Counter[Counts]:
    return Counter(kept(one) for answers in sessions.values() for one in answers)


@pytest.mark.parametrize(("_", "write", "kept"), LINES, ids=[w.__name__ for _, w, _ in LINES])
@settings(max_examples=25, deadline=None)
@given(sessions=SESSIONS, data=st.data())
def test_a_log_is_read_while_it_is_written(
    _: str, write: Writer, kept: Kept, sessions: Sessions, data: st.DataObject
) -> None:
    """Cut anywhere, it tells what is whole so far and no more; once it is whole, everything."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write(home, sessions)
        logs = sorted(home.rglob("*.jsonl"))
        whole = {path: path.read_bytes() for path in logs}
        for path, text in whole.items():
            path.write_bytes(text[: data.draw(st.integers(0, len(text)))])
        assert told(home) <= written(sessions, kept)
        for path, text in whole.items():
            path.write_bytes(text)
        assert told(home) == written(sessions, kept)


def with_more(value: Any, more: Any) -> Any:
    """The same document with a field in each object that nobody knows yet."""
    if isinstance(value, dict):
        return {"inFuture": more, **{key: with_more(one, more) for key, one in value.items()}}
    return [with_more(one, more) for one in value] if isinstance(value, list) else value


DOCUMENTS = [case for case in CASES if case[1] is not client_logs.llm]


@pytest.mark.parametrize(
    ("_", "write", "kept"), DOCUMENTS, ids=[w.__name__ for _, w, _ in DOCUMENTS]
)
@settings(max_examples=15, deadline=None)
@given(sessions=SESSIONS, more=st.sampled_from([None, 7, "text", [1, {"input": 3}], {"usage": 9}]))
def test_fields_of_a_future_version_change_nothing(
    _: str, write: Writer, kept: Kept, sessions: Sessions, more: Any
) -> None:
    """Whatever they hold, in any object of the log."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write(home, sessions)
        for path in (*home.rglob("*.jsonl"), *home.rglob("*.json")):
            lines = (json.loads(line) for line in path.read_text().splitlines())
            path.write_text("".join(json.dumps(with_more(one, more)) + "\n" for one in lines))
        assert told(home) == written(sessions, kept)


@pytest.fixture(scope="module")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger as rolecall makes it."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    with closing(open_ledger(path)) as ledger:
        ledger.keep_snapshot(snapshot())
    return path


@settings(max_examples=15, deadline=None)
@given(answers=st.lists(st.tuples(counts(), st.integers(0, 10**9)), min_size=1, max_size=8))
def test_the_ledger_is_reported_exactly(
    empty_ledger: Path, answers: list[tuple[Counts, int]]
) -> None:
    """Counts and money as they were recorded; attempts that brought no answer are none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rolecall/ledger.sqlite"
        path.parent.mkdir()
        shutil.copy(empty_ledger, path)
        with closing(open_ledger(path)) as ledger:
            ledger.write([billed(number, *one) for number, one in enumerate(answers)])
        report, scene = audited(ask(Path(folder)))
    assert Counter(one for one, _ in answers) == Counter(
        bill.call.counts for piece in scene.pieces for bill in piece.bills
    )
    assert report.total.cost == sum(Decimal(nano).scaleb(-9) for _, nano in answers)


def billed(number: int, one: Counts, nano: int) -> Any:
    """A record with one answer of these counts, and one attempt that brought none."""
    found = record(number, usage=one.usage)
    first, second = found.attempts
    priced = msgspec.structs.replace(first, cost=Decimal(nano).scaleb(-9))
    return msgspec.structs.replace(found, attempts=(second, priced))
