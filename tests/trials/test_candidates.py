"""What is decided without running anything: history, sides of a change, requests, faults."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.routing.kinds import KindReader, load_weights
from rolecall.routing.ngrams import load_cues
from rolecall.trials.judging.git import borrowed
from rolecall.trials.judging.runners.table import RUNNERS, Form
from rolecall.trials.mining.candidates import Side, considered, side
from rolecall.trials.mining.history import Change, Commit, commits
from rolecall.trials.mining.mutants import MOST, hunks, mutants
from rolecall.trials.mining.named import names_of
from rolecall.trials.mining.planted import review_task
from rolecall.trials.mining.requests import cleaned, kind_of, request, says_enough
from rolecall.types import Kind
from rolecall.types.trials import Task
from support.repositories import Repository

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "form", "expected"),
    [
        ("shop/prices.py", "pytest", "source"),
        ("src/shop/rules.toml", "pytest", "source"),
        ("tests/test_prices.py", "pytest", "test"),
        ("shop/prices_test.py", "pytest", "test"),
        ("tests/data/prices.json", "pytest", "support"),
        ("conftest.py", "pytest", "support"),
        ("docs/conf.py", "pytest", "other"),
        ("setup.py", "pytest", "other"),
        ("README.md", "pytest", "other"),
        ("prices.test.ts", "jest", "test"),
        ("src/__tests__/prices.tsx", "vitest", "test"),
        ("src/prices.tsx", "vitest", "source"),
        ("shop/prices_test.go", "go", "test"),
        ("tests/prices.rs", "cargo", "test"),
        ("tests/common/mod.rs", "cargo", "support"),
        ("src/prices.rs", "cargo", "source"),
        ("spec/prices.rb", "exit", "test"),
    ],
)
def test_a_file_is_on_one_side(path: str, form: Form, expected: Side) -> None:
    assert side(path, RUNNERS[form]) == expected


def test_odd_names_and_messages_come_through(tmp_path: Path) -> None:
    """Spaces, line ends, tabs, bytes that are no UTF-8, and words that look like git's own."""
    repository = Repository(tmp_path / "odd")
    names = ("a b.py", "tab\there.py", "line\nend.py", ":colon.py", "1\t2\tx.py", "uml\xe4ut.py")
    message = "Subject\n\n:100644 100644 a b M\n\x011\t2\tx\n\nEnd"
    repository.commit(message, dict.fromkeys(names, "x = 1\n"))
    raw = b"bytes-\xff.py"
    (Path(bytes(repository.folder).decode()) / raw.decode("utf-8", "surrogateescape")).write_text(
        ""
    )
    repository.commit(b"Latin \xe9 without saying so", {"bin": b"\0\1"})
    with borrowed(repository.folder) as store:
        second, first = commits(store, repository.git("rev-parse", "HEAD"), most=9, since=None)
    assert {change.path for change in first.changes} == set(names)
    assert all((change.added, change.status) == (1, "A") for change in first.changes)
    assert first.message.strip() == message
    assert {change.path for change in second.changes} == {"bin", "bytes-\udcff.py"}
    assert next(change for change in second.changes if change.path == "bin").binary
    assert second.message.startswith("Latin")


def test_history_is_bounded(tmp_path: Path) -> None:
    """By a number of commits, the newest first, and by a day; the reader stops when told."""
    repository = Repository(tmp_path / "long")
    shas = [repository.commit(f"Number {n}", {"a.py": f"{n}\n"}) for n in range(5)]
    with borrowed(repository.folder) as store:
        found = [one.sha for one in commits(store, shas[-1], most=2, since=None)]
        assert found == [shas[4], shas[3]]
        since = datetime(2026, 1, 1, 0, 4, tzinfo=UTC)
        assert len(list(commits(store, shas[-1], most=9, since=since))) == 2
        assert next(iter(commits(store, shas[-1], most=9, since=None))).sha == shas[4]


def commit(*changes: Change, message: str = "Round the prices half up") -> Commit:
    return Commit(sha="c", parents=("p",), at=AT, message=message, changes=changes)


def test_a_file_moved_and_changed_is_a_candidate() -> None:
    """A rename counts by what was changed beside it."""
    test = Change(path="tests/test_b.py", was="tests/test_a.py", status="R", added=2)
    source = Change(path="shop.py", added=1, deleted=1)
    found = considered(commit(test, source), RUNNERS["pytest"], 500)
    assert not isinstance(found, str)
    assert (found.tests, found.size) == (("tests/test_b.py",), 2)
    odd = Change(path="tests/test_\udcff.py", added=1)
    assert considered(commit(odd, source), RUNNERS["pytest"], 500) == "names"
    gone = Change(path="tests/test_b.py", status="D", deleted=9)
    assert considered(commit(gone, source), RUNNERS["pytest"], 500) == "no-tests"


def test_a_request_leads_nowhere_but_to_the_work() -> None:
    """Trailers, issues, links and control characters are gone; what was said stays."""
    message = (
        "fix: round prices (#12)\n\nSee https://example.org/x and fixes acme/shop#7.\n"
        "\x1b[31mHalf up, as banks do not.\n\nSigned-off-by: Ada <a@b>\nChange-Id: I1\n"
    )
    text = cleaned(message)
    assert text.splitlines()[0] == "fix: round prices"
    assert "Half up, as banks do not." in text
    for gone in ("#12", "#7", "https", "Signed", "Change-Id", "\x1b", "Ada"):
        assert gone not in text
    listed = request(message, [f"t::test_{n}" for n in range(14)])
    assert "- t::test_11\n- and 2 more\n" in listed
    assert not says_enough("wip #12")
    assert says_enough("Round prices half up")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Fix the crash when the basket is empty", "fix"),
        ("fix: rounding", "fix"),
        ("Refactor the price module into smaller functions", "refactor"),
        ("Basket totals, by customer", "implement"),
    ],
)
def test_the_kind_is_read_off_the_message(message: str, kind: Kind) -> None:
    """By rolecall's own reader where it is sure, else by how commits are headed."""
    assert kind_of(message, KindReader(load_weights(), load_cues()).read) == kind


def test_only_new_tests_are_named_where_there_are_new_ones() -> None:
    """A new import that breaks a whole file makes its old tests fail, too: they say nothing."""
    tests = ("t.py::test_new[a]", "t.py::test_new[b]", "t.py::K::test_old")
    assert names_of(tests, "def test_old(): ...") == ("t.py::test_new",)
    assert names_of(tests[2:], "def test_old(): ...") == ("t.py::K::test_old",)


BEFORE = "def price(a):\n    return a\n\n\ndef other():\n    return 1\n"
AFTER = (
    '"""Prices."""\ndef price(a: int) -> int:\n    # the limit\n    if a > 3 and a != 5:\n'
    '        return a + 1\n    return a\n\n\ndef other():\n    return "a > 3"\n'
)


def test_faults_are_planted_in_what_was_changed() -> None:
    """Each differs in what it does, stands in a changed line, and parses; the choice is stable."""
    found = mutants({"p.py": (BEFORE, AFTER)}, "seed")
    assert 3 < len(found) <= MOST
    assert found == mutants({"p.py": (BEFORE, AFTER)}, "seed")
    assert len({one.text for one in found}) == len(found)
    for one in found:
        ast.parse(one.text)
        assert '"a > 3"' in one.text or "undone" in one.says


def test_what_cannot_be_noticed_is_no_fault() -> None:
    """Comments, docstrings and annotations do nothing; one place undone is where a task begins."""
    after = '"""Says it."""\n\n\ndef price(a: int) -> int:\n    """Of a piece."""\n    return a\n'
    assert mutants({"p.py": ("def price(a):\n    return a\n", after)}, "s") == []
    assert mutants({"p.py": ("a = b\n", "a = c\n")}, "s") == []


def test_faults_in_other_languages_leave_texts_and_comments_alone() -> None:
    after = 'let a = "x == y"; // a < b\nif (a == 1) { b += 2; }\n'
    found = {one.says for one in mutants({"a.js": ("", after)}, "s")}
    assert found == {
        "a.js:2: '==' turned into '!='",
        "a.js:2: '1' turned into '2'",
        "a.js:2: '2' turned into '3'",
        "a.js:2: '+' turned into '-'",
    }


@given(before=st.text("ab\n(=1", max_size=40), after=st.text("ab\n(=1", max_size=40))
def test_any_text_can_be_searched_for_faults(before: str, after: str) -> None:
    """Nothing that is no Python breaks it, and hunks say how one text becomes the other."""
    mutants({"a.py": (before, after), "a.js": (before, after)}, "s")
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for hunk in reversed(hunks(before, after)):
        old[hunk.a : hunk.b] = new[hunk.c : hunk.d]
    assert old == new


LONG = "".join(f"VALUE_{n} = {n}\n" for n in range(120))


def review(before: str, after: str, kind: Kind = "fix") -> Task | None:
    change = Change(path="src/shop.py", added=1, deleted=1)
    found = considered(
        commit(Change(path="tests/test_a.py", added=1), change), RUNNERS["pytest"], 9
    )
    assert not isinstance(found, str)
    task = Task(id="c", repository="/r", base="p", request="x", kind=kind, source="c")
    return review_task(found, task, {"src/shop.py": (before, after)})


def test_a_fix_tells_where_the_defect_was() -> None:
    """The task begins before the fix; its place is what the fix replaced, or where it was put."""
    made = review(LONG, LONG.replace("VALUE_50 = 50", "VALUE_50 = 49"))
    assert made is not None
    assert (made.id, made.base, made.kind) == ("review-c", "p", "review")
    assert [(one.path, one.first, one.last) for one in made.defects] == [("src/shop.py", 51, 51)]
    assert "half up" not in made.request
    added = review(LONG, LONG.replace("VALUE_50 = 50", "VALUE_50 = 50\ncheck()"))
    assert added is not None
    assert [(one.first, one.last) for one in added.defects] == [(51, 52)]


def test_no_review_where_guessing_would_do() -> None:
    """A short file, a new one, many places, or a change that was no fix: no task is made."""
    short = LONG[:400]
    assert review(short, short.replace("VALUE_2 = 2", "VALUE_2 = 3")) is None
    assert review("", LONG) is None
    assert review(LONG, LONG.replace("0\n", "1\n")) is None
    assert review(LONG, LONG.replace("VALUE_50 = 50", "VALUE_50 = 49"), "implement") is None
