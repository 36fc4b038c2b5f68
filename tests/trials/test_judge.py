"""Judges are put back before they judge, whatever was done to them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from rolecall.trials.judging.execute import plain
from rolecall.trials.judging.judge import judge
from rolecall.trials.judging.trees import lay
from rolecall.types.trials import Judge, Task
from support.repositories import QUICK, Repository

OLD_TEST = "import shop\n\n\ndef test_there():\n    assert shop.add(0, 0) == 0\n"
TEST = (
    "import shop\nimport helping\n\n\ndef test_add():\n    assert helping.same(shop.add(1, 2), 3)\n"
)
RIGHT = "def add(a, b):\n    return a + b\n"
RIGGED = """
import pytest
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    found = yield
    report = found.get_result()
    report.outcome = "passed"
"""


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    folder = tmp_path_factory.mktemp("judge") / "repository"
    repository = Repository(folder)
    base = repository.commit(
        "Begin",
        {
            "pyproject.toml": QUICK,
            "src/shop.py": "def add(a, b):\n    return a - b\n",
            "tests/conftest.py": "import sys, os\nsys.path.insert(0, os.path.dirname(__file__))\n",
            "tests/helping.py": "def same(a, b):\n    return a == b\n",
            "tests/test_old.py": OLD_TEST,
        },
    )
    source = repository.commit("Add", {"src/shop.py": RIGHT, "tests/test_add.py": TEST})
    return Task(
        id="add",
        repository=str(folder),
        base=base,
        source=source,
        request="Make it add",
        kind="fix",
        judge=Judge(
            runner="pytest",
            command=(sys.executable,),
            files=("tests",),
            run=("tests/test_add.py", "tests/test_old.py"),
            must_pass=("tests/test_add.py::test_add",),
            keep_passing=("tests/test_old.py::test_there",),
        ),
    )


def solved(tree: Path) -> None:
    (tree / "src/shop.py").write_text(RIGHT)


def breaks_what_passed(tree: Path) -> None:
    (tree / "src/shop.py").write_text("def add(a, b):\n    return 3\n")


def edits_the_test(tree: Path) -> None:
    (tree / "tests/test_add.py").write_text("def test_add():\n    pass\n")


def edits_what_the_test_uses(tree: Path) -> None:
    (tree / "tests/helping.py").write_text("def same(a, b):\n    return True\n")


def adds_a_conftest(tree: Path) -> None:
    (tree / "conftest.py").write_text(RIGGED)


def edits_the_conftest(tree: Path) -> None:
    (tree / "tests/conftest.py").write_text(RIGGED)


def adds_a_plugin_by_configuration(tree: Path) -> None:
    (tree / "rig.py").write_text(RIGGED)
    (tree / "pytest.ini").write_text("[pytest]\naddopts = -p rig\n")


def edits_the_configuration(tree: Path) -> None:
    (tree / "rig.py").write_text(RIGGED)
    (tree / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "-p rig"\n')


def stands_in_for_pytest(tree: Path) -> None:
    line = '{"id": "tests/test_add.py::test_add", "outcome": "passed"}'
    (tree / "pytest.py").write_text(
        f"import os\nopen(os.environ['ROLECALL_REPORT'], 'w').write('''{line}\n''')\n"
    )


def stands_in_for_pytest_as_a_package(tree: Path) -> None:
    stands_in_for_pytest(tree)
    (tree / "pytest").mkdir()
    (tree / "pytest.py").rename(tree / "pytest/__main__.py")
    (tree / "pytest/__init__.py").write_text((tree / "pytest/__main__.py").read_text())
    (tree / "sitecustomize").mkdir()
    (tree / "pytest/__init__.py").rename(tree / "sitecustomize/__init__.py")


def leaves_a_report(tree: Path) -> None:
    line = '{"id": "tests/test_add.py::test_add", "outcome": "passed"}\n'
    (tree / ".rolecall").mkdir()
    (tree / ".rolecall/report").write_text(line)
    (tree / ".rolecall/pytest.py").write_text("")


def breaks_everything(tree: Path) -> None:
    (tree / "src/shop.py").write_text("import os\nos._exit(0)\n")


def links_the_tests_elsewhere(tree: Path) -> None:
    shutil.move(tree / "tests", tree.parent / "elsewhere")
    (tree / "tests").symlink_to(tree.parent / "elsewhere")
    edits_what_the_test_uses(tree)


def puts_a_folder_in_the_way(tree: Path) -> None:
    (tree / "tests/test_add.py/deeper").mkdir(parents=True)
    (tree / ".rolecall").symlink_to("/")


def judged(task: Task, folder: Path, change: Callable[[Path], None]) -> tuple[bool | None, str]:
    tree = folder / "tree"
    lay(task, tree)
    change(tree)
    found = judge(task, tree, plain)
    return found.solved, found.says


def test_a_right_change_solves(task: Task, tmp_path: Path) -> None:
    assert judged(task, tmp_path, solved) == (True, "2 tests pass")


def test_what_passed_has_to_stay_so(task: Task, tmp_path: Path) -> None:
    """A change that makes the new test pass at the cost of an old one is no solution, and named."""
    verdict, says = judged(task, tmp_path, breaks_what_passed)
    assert verdict is False
    assert says == "1 no longer pass: tests/test_old.py::test_there"


@pytest.mark.parametrize(
    "change",
    [
        edits_the_test,
        edits_what_the_test_uses,
        adds_a_conftest,
        edits_the_conftest,
        adds_a_plugin_by_configuration,
        edits_the_configuration,
        stands_in_for_pytest,
        stands_in_for_pytest_as_a_package,
        leaves_a_report,
        breaks_everything,
        links_the_tests_elsewhere,
        puts_a_folder_in_the_way,
    ],
)
def test_rigging_the_tests_helps_nobody(
    task: Task, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    """Without the right source the verdict is a plain no, whatever else was changed."""
    verdict, says = judged(task, tmp_path, change)
    assert verdict is False, says


def test_nothing_outside_of_the_tree_is_written(task: Task, tmp_path: Path) -> None:
    """Where the folder of tests leads out of the tree, the tests are put beside it, not behind."""
    judged(task, tmp_path, links_the_tests_elsewhere)
    assert not (tmp_path / "tree/tests").is_symlink()
    assert not (tmp_path / "elsewhere/test_add.py").exists()
    assert "return True" in (tmp_path / "elsewhere/helping.py").read_text()


def test_right_source_is_not_spoilt_by_what_lies_about(task: Task, tmp_path: Path) -> None:
    """A link where our folder goes and a folder where a test goes are removed, not obeyed."""

    def both(tree: Path) -> None:
        solved(tree)
        puts_a_folder_in_the_way(tree)

    assert judged(task, tmp_path, both)[0] is True


def test_who_cannot_judge_says_so(task: Task, tmp_path: Path) -> None:
    """No interpreter, or no such commit: that is no failure of the candidate's."""
    lay(task, tmp_path / "tree")
    assert task.judge is not None
    lacking = replace(task, judge=replace(task.judge, command=("/nowhere/python",)))
    found = judge(lacking, tmp_path / "tree", plain)
    assert found.solved is None
    assert "/nowhere/python" in found.says
    assert judge(replace(task, source="0" * 40), tmp_path / "tree", plain).solved is None


def test_a_hand_written_task_needs_no_list_of_tests(task: Task, tmp_path: Path) -> None:
    """Where no test is named, all that are run have to pass, and at least one."""
    short = replace(task, judge=Judge(runner="pytest", files=("tests",), command=(sys.executable,)))
    verdict, says = judged(short, tmp_path / "no", lambda _tree: None)
    assert verdict is False
    assert "tests/test_add.py::test_add" in says
    assert judged(short, tmp_path / "yes", solved)[0] is True


def test_a_command_judges_by_its_exit_code(task: Task, tmp_path: Path) -> None:
    code = "import sys; sys.path.insert(0, 'src'); import shop; sys.exit(shop.add(1, 2) != 3)"
    one = Judge(runner="command", command=(sys.executable, "-c", code))
    short = replace(task, judge=one)
    assert judged(short, tmp_path / "no", lambda _tree: None)[0] is False
    assert judged(short, tmp_path / "yes", solved)[0] is True
