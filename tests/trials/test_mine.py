"""Mining: each commit of a history with known answers is kept, or dropped for the right reason."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from msgspec import Struct

from rolecall.trials.judging.execute import plain
from rolecall.trials.judging.git import asked
from rolecall.trials.judging.judge import judge
from rolecall.trials.judging.tasks import load_tasks
from rolecall.trials.judging.trees import lay
from rolecall.trials.mining.candidates import Reason
from rolecall.trials.mining.mine import Mined
from rolecall.types.trials import Task
from support.repositories import Repository, mined

CASE = "import unittest\nimport shop\n\n\nclass {name}(unittest.TestCase):\n{tests}"
PYTHON = (sys.executable,)


def case(name: str, **tests: str) -> str:
    """A file of tests, one line each."""
    lines = "".join(f"    def test_{test}(self):\n        {body}\n" for test, body in tests.items())
    return CASE.format(name=name, tests=lines)


class Past(Struct):
    """The repository, what was mined from it, and each commit by a name of ours."""

    repository: Repository
    data: Path
    found: Mined
    commits: dict[str, str]
    tasks: dict[str, Task]
    touched: list[str]
    """Files of the checkout, its git folder included, that are not as they were."""

    def reason(self, name: str) -> Reason | str | None:
        """Why a replayed commit was dropped; the word `kept` where it was not."""
        entries = {entry.commit: entry for entry in self.found.replays}
        entry = entries.get(self.commits[name])
        if entry is None:
            return "not replayed"
        return "kept" if entry.task else entry.reason


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    folder = tmp_path_factory.mktemp("mine")
    repository = Repository(folder / "shop")
    commits = dict(_history(repository))
    repository.write({"unfinished.py": "x = (", "shop.py": "nothing of this is committed"})
    untouched = _files(repository.folder)
    found = mined(repository.folder, folder / "data", runner="unittest", command=PYTHON)
    tasks = {task.source: task for task in load_tasks(folder / "data", repository.folder)}
    return Past(
        repository=repository,
        data=folder / "data",
        found=found,
        commits=commits,
        tasks=tasks,
        touched=sorted({name for name, _ in untouched ^ _files(repository.folder)}),
    )


def _files(folder: Path) -> set[tuple[str, tuple[int, int]]]:
    """Everything beneath a folder, with its size and when it was written."""
    stats = ((path, path.lstat()) for path in folder.rglob("*"))
    return {(str(path), (stat.st_size, stat.st_mtime_ns)) for path, stat in stats}


def _history(to: Repository) -> Iterator[tuple[str, str]]:
    yield "first", to.commit("The first state of it", _first())
    yield "docs", to.commit("Say how it is used", {"README.md": "Use it.\n"})
    yield "source", to.commit("Name the shop in it", {"name.py": "NAME = 'shop'\n"})
    yield "fix", to.commit(FIX_MESSAGE, _rounding())
    yield "latin", to.commit("Pr\xe9f\xe8re les prix nets".encode("latin-1"), _net())
    yield "passes", to.commit("Tidy up what is there", _tidy())
    yield "fails", to.commit("Promise what is not kept", _with_test("Never", "self.fail('no')"))
    yield "service", to.commit("Ask the stock server first", _with_test("Served", _SERVED))
    yield "flaky", to.commit("Add what comes and goes", _with_test("Wavers", _WAVERS))
    yield "missing", to.commit("Use what is not installed", _missing())
    yield "skipped", to.commit("Need what others have", _with_test("Skips", "self.skipTest('no')"))
    yield "weak", to.commit("Add a discount for many pieces", _discount())
    yield "wip", to.commit("wip", _with_test("Wip", "self.assertEqual(shop.wip(), 1)"))
    yield "renamed", to.commit("Test the rounding where it belongs", _renamed(to))
    yield "moved", to.commit("Move a module and its test", _moved(to))
    yield "binary", to.commit("Draw another logo for it", _with_test("Logo", "pass", logo=b"\0\2"))
    yield "large", to.commit("Generate a table of all prices", _large())
    yield "submodule", _submodule(to)
    yield "merge", _merge(to)


SHOP = "def total(prices):\n    return sum(prices)\n\n\n"
FIX_MESSAGE = """Round totals to cents

A total of 0.1 and 0.2 was 0.30000000000000004.

Fixes #12
Signed-off-by: Ada <ada@example.org>
"""
_SERVED = "import socket; socket.create_connection(('127.0.0.1', 1))"
_WAVERS = "import os, wavers; self.assertEqual(os.environ['PYTHONHASHSEED'], '1')"


def _first() -> Mapping[str, str | bytes]:
    test = case("Total", sums="self.assertEqual(shop.total([1, 2]), 3)")
    return {
        "setup.py": "",
        "shop.py": SHOP,
        "src/logo.bin": b"\0\1",
        "tests/__init__.py": "",
        "tests/test_total.py": test,
    }


def _rounding() -> Mapping[str, str]:
    test = case(
        "Total",
        sums="self.assertEqual(shop.total([1, 2]), 3)",
        rounds="self.assertEqual(shop.total([0.1, 0.128]), 0.23)",
    )
    return {
        "shop.py": "def total(prices):\n    return round(sum(prices), 2)\n\n\n",
        "tests/test_total.py": test,
    }


def _net() -> Mapping[str, str]:
    return {
        "shop.py": "def total(prices):\n    return round(sum(prices), 2)\n\n\n"
        "def net(price):\n    return price - price // 6\n",
        "tests/test_net.py": case("Net", taxes="self.assertEqual(shop.net(60), 50)"),
    }


def _tidy() -> Mapping[str, str]:
    return {
        "shop.py": "def total(prices):\n    found = sum(prices)\n    return round(found, 2)\n\n\n"
        "def net(price):\n    return price - price // 6\n",
        "tests/test_tidy.py": case("Tidy", still="self.assertEqual(shop.total([]), 0)"),
    }


def _with_test(name: str, body: str, logo: bytes | None = None) -> Mapping[str, str | bytes]:
    """A module of its own, and a test that says what it says."""
    more = {} if logo is None else {"src/logo.bin": logo}
    module = {f"{name.lower()}.py": f"NAME = {name!r}\n"} if logo is None else {}
    return {f"tests/test_{name.lower()}.py": case(name, it=body), **module, **more}


def _missing() -> Mapping[str, str | bytes]:
    files = dict(_with_test("Lacks", "pass"))
    return files | {"tests/test_lacks.py": "import nowhere_to_be_found\n"}


def _discount() -> Mapping[str, str]:
    return {
        "discount.py": "def discount(pieces, price):\n    if pieces > 10 and price > 5:\n"
        "        return price * 9 // 10\n    return price + 0\n",
        "tests/test_discount.py": case(
            "Discount", is_there="import discount; self.assertTrue(discount.discount)"
        ),
    }


def _renamed(to: Repository) -> Mapping[str, str | None]:
    old = (to.folder / "tests/test_total.py").read_text()
    more = "    def test_halves(self):\n        self.assertEqual(shop.half(4), 2)\n"
    source = (to.folder / "shop.py").read_text()
    return {
        "tests/test_total.py": None,
        "tests/test_rounding.py": old + more,
        "shop.py": source + "\n\ndef half(price):\n    return price // 2\n",
    }


def _moved(to: Repository) -> Mapping[str, str | None]:
    return {
        "discount.py": None,
        "discounts.py": (to.folder / "discount.py").read_text(),
        "tests/test_net.py": None,
        "tests/test_netto.py": (to.folder / "tests/test_net.py").read_text(),
    }


def _large() -> Mapping[str, str]:
    table = "".join(f"P{number} = {number}\n" for number in range(501))
    return {"table.py": table, "tests/test_table.py": case("Table", it="import table")}


def _submodule(to: Repository) -> str:
    entry = f"160000,{'1' * 40},vendor"
    to.git("update-index", "--add", "--cacheinfo", entry)
    to.write(_with_test("Vendor", "pass"))
    to.git("add", "vendor.py", "tests/test_vendor.py")
    made = to.commit_index("Bring in somebody else's code")
    to.git("rm", "--quiet", "--cached", "vendor")
    to.commit_index("Leave it out again, without a test")
    return made


def _merge(to: Repository) -> str:
    to.git("switch", "--quiet", "--create", "side", "HEAD~1")
    to.commit("Something on the side, without a test", {"side.py": "SIDE = 1\n"})
    to.git("switch", "--quiet", "main")
    to.git("merge", "--quiet", "--no-ff", "--message=Merge the side", "side")
    return to.git("rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fix", "kept"),
        ("latin", "kept"),
        ("weak", "kept"),
        ("renamed", "kept"),
        ("passes", "passes"),
        ("fails", "fails"),
        ("service", "service"),
        ("flaky", "flaky"),
        ("missing", "not-running"),
        ("moved", "not replayed"),
        ("skipped", "skipped"),
        ("binary", "not replayed"),
        ("large", "not replayed"),
        ("submodule", "not replayed"),
        ("merge", "not replayed"),
        ("wip", "not replayed"),
    ],
)
def test_each_commit_is_kept_or_dropped_for_its_reason(past: Past, name: str, reason: str) -> None:
    """What a commit was made to be is what mining says of it."""
    assert past.reason(name) == reason


def test_every_commit_is_counted_once(past: Past) -> None:
    """The figures add up: seen is kept and dropped, and each reason has its commits."""
    found = past.found
    assert found.seen == found.kept + sum(found.dropped.values()) == 21
    twice = {"no-tests": 2, "submodule": 2}
    once = ["no-source", "passes", "fails", "service", "flaky", "not-running", "words", "first"]
    more = ["skipped", "renames", "binary", "large", "merge"]
    assert found.dropped == twice | dict.fromkeys([*once, *more], 1)


def test_a_task_says_what_is_asked_and_what_judges(past: Past) -> None:
    """The whole task of one commit; numbers of issues and trailers are gone from its request."""
    task = past.tasks[past.commits["fix"]]
    assert task.judge is not None
    assert task.base == past.commits["source"]
    assert task.kind == "fix"
    assert task.size == 2
    assert task.judge.files == ("tests",)
    assert task.judge.must_pass == ("tests.test_total.Total.test_rounds",)
    assert task.judge.keep_passing == ("tests.test_total.Total.test_sums",)
    assert task.request == (
        "Round totals to cents\n\nA total of 0.1 and 0.2 was 0.30000000000000004.\n\n"
        "Make this change in the repository at hand. It will be judged by tests that are not in it "
        "yet, by these names:\n- tests.test_total.Total.test_rounds\n"
        "Tests that pass now have to pass afterwards, too."
    )


def test_a_message_in_another_encoding_is_read(past: Past) -> None:
    """Bytes that are no UTF-8 become marks, and the commit a task all the same."""
    assert "les prix nets" in past.tasks[past.commits["latin"]].request


def test_a_judge_that_lets_faults_pass_is_called_weak(past: Past) -> None:
    """A test that only looks whether a name is there is named; one that checks results is not."""
    weak, strong = (past.tasks[past.commits[name]].judge for name in ("weak", "fix"))
    assert weak is not None
    assert strong is not None
    assert "planted faults pass" in weak.weak
    assert strong.weak == ""
    assert past.found.weak == 1


def test_what_was_done_then_solves_a_task_and_nothing_does_not(past: Past, tmp_path: Path) -> None:
    """Every mined task is judged unsolved as it is laid, and solved by the commit it comes from."""
    for number, task in enumerate(past.tasks.values()):
        tree = tmp_path / str(number)
        lay(task, tree)
        assert judge(task, tree, plain).solved is False
        diff = asked(
            *("diff", "--binary", task.base, task.source, "--", ".", ":!tests"),
            folder=past.repository.folder,
        )
        asked("apply", "-", folder=tree, stdin=diff)
        assert judge(task, tree, plain).solved is True


def test_the_checkout_is_not_touched(past: Past) -> None:
    """No file of it is written, made or removed, the git folder with index and refs included."""
    assert past.touched == []


def test_a_second_mine_does_nothing_twice(past: Past) -> None:
    """Nothing is replayed, edits of tasks stay, and a task that was deleted is not made again."""
    tasks = Path(past.found.folder)
    edited, deleted = (tasks / f"{past.commits[name][:12]}.toml" for name in ("fix", "weak"))
    before, gone = edited.read_text(), deleted.read_text()
    edited.write_text(before.replace("Round totals", "Please round totals"))
    deleted.unlink()
    again = mined(past.repository.folder, past.data, runner="unittest", command=PYTHON)
    assert again.fresh == 0
    assert again.dropped == past.found.dropped
    assert "Please round totals" in edited.read_text()
    assert not deleted.exists()
    edited.write_text(before)
    deleted.write_text(gone)


def test_what_was_dropped_is_replayed_when_asked(past: Past) -> None:
    """With `again` the dropped candidates are looked at once more, and the kept ones are not."""
    again = mined(past.repository.folder, past.data, runner="unittest", command=PYTHON, again=True)
    assert again.fresh == again.candidates - again.kept
    assert again.kept == past.found.kept
