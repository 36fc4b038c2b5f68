"""Whatever a client has logged, the audit reports exactly that, once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.audit.history import Counts
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
