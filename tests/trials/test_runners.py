"""Each runner is heard test by test, in a real run of it."""

from __future__ import annotations

import os
import shutil
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

from rolecall.errors import TrialError
from rolecall.trials.judging.execute import plain
from rolecall.trials.judging.judge import judge
from rolecall.trials.judging.results import Results, run_tests
from rolecall.trials.judging.runners.compiled import GO
from rolecall.trials.judging.runners.javascript import JEST, MOCHA
from rolecall.trials.judging.runners.runner import Told
from rolecall.trials.judging.scripts import Script, parsed
from rolecall.trials.judging.tasks import load_tasks
from rolecall.trials.judging.toolchain import environ_in, toolchain
from rolecall.trials.judging.trees import lay
from rolecall.types.trials import Runner
from support.repositories import QUICK, Repository, mined

PYTEST = """
import unittest, pytest
@pytest.fixture
def breaks():
    raise OSError("not ready")
def test_passes(): pass
def test_fails(): assert 1 == 2, "as it says"
def test_errors(breaks): pass
@pytest.mark.parametrize("case", ["a b", "\\u00e4"])
def test_cases(case): pass
def test_skips(): pytest.skip("not now")
@pytest.mark.xfail
def test_expected(): assert False
@pytest.mark.xfail
def test_unexpected(): pass
class TestIn(unittest.TestCase):
    def test_it(self):
        with self.subTest("one"):
            pass
"""
UNITTEST = """
import unittest
class Sorts(unittest.TestCase):
    def test_passes(self): pass
    def test_fails(self): self.assertEqual(1, 2)
    def test_errors(self): raise OSError("not ready")
    @unittest.skip("not now")
    def test_skips(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    def test_parts(self):
        for number in range(2):
            with self.subTest(number=number):
                self.assertEqual(number, 0)
class Never(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise OSError("no class")
    def test_it(self): pass
"""
NODE = """
import test, { describe, it } from "node:test";
import assert from "node:assert";
test("passes", () => {});
test("fails", () => assert.equal(1, 2, "as it says"));
test("skips", { skip: true }, () => {});
describe("group", () => { describe("inner", () => { it("is in it", () => {}); }); });
"""
RUST = """
#[test] fn passes() {}
#[test] fn fails() { assert_eq!(1, 2); }
#[test] #[ignore] fn skips() {}
#[test] #[should_panic] fn panics() { panic!(); }
"""


def run(
    tree: Path, files: Mapping[str, str], tests: tuple[str, ...], runner: Runner | None = None
) -> Results:
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    command = (sys.executable,) if runner in {None, "pytest", "unittest"} else ()
    command = () if "package.json" in files else command
    tools = toolchain(tree, environ=os.environ, runner=runner or "npm", command=command)
    return run_tests(tools, tests, tree, plain, seconds=120)


def outcomes(found: Results) -> dict[str, str]:
    return {one.id: one.outcome for one in found.told.values()}


def test_pytest(tmp_path: Path) -> None:
    """Cases, fixtures that fail, what is expected to fail, and a file that cannot be read."""
    files = {"pyproject.toml": QUICK, "test_a.py": PYTEST, "test_b.py": "import nowhere_\n"}
    found = run(tmp_path, files, ("test_a.py", "test_b.py"), "pytest")
    assert outcomes(found) == {
        "test_a.py::test_passes": "passed",
        "test_a.py::test_fails": "failed",
        "test_a.py::test_errors": "failed",
        "test_a.py::test_cases[a b]": "passed",
        "test_a.py::test_cases[\\xe4]": "passed",
        "test_a.py::test_skips": "skipped",
        "test_a.py::test_expected": "skipped",
        "test_a.py::test_unexpected": "skipped",
        "test_a.py::TestIn::test_it": "passed",
        "test_b.py": "broken",
    }
    assert "as it says" in found.told["test_a.py::test_fails"].says
    assert "nowhere_" in found.told["test_b.py"].says


def test_what_ran_before_a_crash_is_known(tmp_path: Path) -> None:
    """A test that ends the process leaves the ones before it told."""
    text = "import os\ndef test_one(): pass\ndef test_two(): os._exit(3)\ndef test_three(): pass\n"
    found = run(tmp_path, {"pyproject.toml": QUICK, "test_a.py": text}, ("test_a.py",), "pytest")
    assert outcomes(found) == {"test_a.py::test_one": "passed"}
    assert found.done.status == 3


def test_unittest(tmp_path: Path) -> None:
    """Parts of a test, and classes and modules that cannot be made ready."""
    files = {"tests/test_a.py": UNITTEST, "tests/test_b.py": "import nowhere_\n"}
    found = run(tmp_path, files, ("tests/test_a.py", "tests/test_b.py"), "unittest")
    assert outcomes(found) == {
        "tests.test_a.Sorts.test_passes": "passed",
        "tests.test_a.Sorts.test_fails": "failed",
        "tests.test_a.Sorts.test_errors": "failed",
        "tests.test_a.Sorts.test_skips": "skipped",
        "tests.test_a.Sorts.test_expected": "skipped",
        "tests.test_a.Sorts.test_parts": "failed",
        "setUpClass (tests.test_a.Never)": "broken",
        "unittest.loader._FailedTest.test_b": "broken",
    }
    assert "nowhere_" in found.told["unittest.loader._FailedTest.test_b"].says


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_node(tmp_path: Path) -> None:
    """Names of groups are part of a test's; a file that cannot be loaded fails as a whole."""
    files = {
        "package.json": '{"type": "module", "scripts": {"test": "node --test"}}',
        "test/a.test.js": NODE,
        "test/b.test.js": 'import "./nowhere.js";\n',
    }
    found = run(tmp_path, files, ("test/a.test.js", "test/b.test.js"))
    told = outcomes(found)
    assert told.pop("test/a.test.js::passes") == "passed"
    assert told.pop("test/a.test.js::fails") == "failed"
    assert told.pop("test/a.test.js::skips") == "skipped"
    assert told.pop("test/a.test.js::group > inner > is in it") == "passed"
    assert list(told.values()) == ["failed"]


@pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not installed")
def test_cargo(tmp_path: Path) -> None:
    """Only the files that are asked for are run, and each test is heard."""
    manifest = '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n'
    files = {"Cargo.toml": manifest, "src/lib.rs": "", "tests/a.rs": RUST, "tests/b.rs": "no rust"}
    found = run(tmp_path, files, ("tests/a.rs",), "cargo")
    assert outcomes(found) == {
        "tests/a.rs::passes": "passed",
        "tests/a.rs::fails": "failed",
        "tests/a.rs::skips": "skipped",
        "tests/a.rs::panics": "passed",
    }
    broken = run(tmp_path, {}, ("tests/a.rs", "tests/b.rs"), "cargo")
    assert broken.told == {}
    assert broken.done.status != 0


@pytest.mark.skipif(shutil.which("go") is None, reason="go is not installed")
def test_go(tmp_path: Path) -> None:
    """Packages are run, and each test of them is heard."""
    test = (
        'package shop\nimport "testing"\nfunc TestPasses(t *testing.T) {}\n'
        'func TestFails(t *testing.T) { t.Fatal("no") }\n'
        "func TestSkips(t *testing.T) { t.Skip() }\n"
        'func TestParts(t *testing.T) { t.Run("one", func(t *testing.T) {}) }\n'
    )
    files = {"go.mod": "module example.org/shop\n", "a.go": "package shop\n", "a_test.go": test}
    found = run(tmp_path, files, ("a_test.go",), "go")
    assert outcomes(found) == {
        "example.org/shop::TestPasses": "passed",
        "example.org/shop::TestFails": "failed",
        "example.org/shop::TestSkips": "skipped",
        "example.org/shop::TestParts": "passed",
        "example.org/shop::TestParts/one": "passed",
    }


def test_go_by_its_events() -> None:
    """What `go help test2json` documents is read, where no go is installed too."""
    output = (
        '{"Action":"run","Package":"example.org/shop","Test":"TestAdd"}\n# not JSON\n'
        '{"Action":"fail","Package":"example.org/shop","Test":"TestAdd","Elapsed":0.1}\n'
        '{"Action":"fail","Package":"example.org/shop","Elapsed":0.1}\n'
    )
    assert GO.read(output, "") == [Told("example.org/shop::TestAdd", "failed")]
    assert GO.command(("go",), ("a/x_test.go", "a/y_test.go", "z_test.go"))[-2:] == ("./a", "./.")


def test_jest_vitest_and_mocha_by_their_reports() -> None:
    """The three reports, as jest 29, vitest 3 and mocha 11 write them."""
    jest = (
        '{"testResults": [{"name": "a.test.js", "status": "failed", "assertionResults": ['
        '{"fullName": "adds", "status": "passed"},'
        '{"fullName": "fails", "status": "failed", "failureMessages": ["Error: no\\n at x"]},'
        '{"fullName": "later", "status": "pending"}]},'
        '{"name": "b.test.js", "status": "failed", "message": "Cannot find it\\n"}]}'
    )
    assert JEST.read("", jest) == [
        Told("a.test.js::adds", "passed"),
        Told("a.test.js::fails", "failed", "Error: no"),
        Told("a.test.js::later", "skipped"),
        Told("b.test.js", "broken", "Cannot find it"),
    ]
    mocha = (
        '{"passes": [{"fullTitle": "adds", "file": "a.js"}], "pending": [],'
        '"failures": [{"fullTitle": "fails", "file": "a.js", "err": {"message": "no"}}]}'
    )
    assert MOCHA.read("", mocha) == [
        Told("a.js::adds", "passed"),
        Told("a.js::fails", "failed", "no"),
    ]
    assert JEST.read("", "half of a {") == MOCHA.read("", "") == []


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("jest", Script(form="jest")),
        (
            "cross-env A=1 npx jest -c x.js --ci test",
            Script(form="jest", options=("-c", "x.js", "--ci"), environ={"A": "1"}),
        ),
        ("vitest run --globals", Script(form="vitest", options=("--globals",))),
        (
            "mocha -r ts-node/register test/*.ts",
            Script(form="mocha", options=("-r", "ts-node/register")),
        ),
        (
            "node --import tsx --test --test-reporter=spec",
            Script(form="node", options=("--import", "tsx")),
        ),
        ("tsc && jest", Script(form="exit")),
        ("node test.js", Script(form="exit")),
        ("ava", Script(form="exit")),
    ],
)
def test_a_script_is_read_or_run_as_it_is(text: str, script: Script) -> None:
    """A plain call of a runner we can hear keeps its options; anything else is run whole."""
    assert parsed(text) == script


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_npm_test_as_a_whole(tmp_path: Path) -> None:
    """A script that nobody can hear is judged by its exit code."""
    files = {"package.json": '{"scripts": {"test": "node check.js && true"}}'}
    assert outcomes(run(tmp_path, files | {"check.js": ""}, ())) == {"the command": "passed"}
    assert outcomes(
        run(tmp_path, {"package.json": files["package.json"], "check.js": "x x"}, ())
    ) == {"the command": "failed"}


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_task_of_another_language_is_mined_and_judged(tmp_path: Path) -> None:
    """node:test from history to verdict, with modules that are installed in the checkout alone."""
    repository = Repository(tmp_path / "shop")
    head = 'import test from "node:test";\nimport assert from "node:assert";\nimport "left";\n'
    use = 'import { add, taken } from "../src/shop.js";\n'
    repository.commit(
        "Begin with what is there",
        {
            "package.json": '{"type": "module", "scripts": {"test": "node --test"}}',
            ".gitignore": "node_modules\n",
            "node_modules/left/package.json": '{"type": "module", "main": "index.js"}',
            "node_modules/left/index.js": "",
            "src/shop.js": "export const add = (a, b) => a - b;\nexport const taken = 1;\n",
            "test/old.test.js": f'{head}{use}test("stays", () => assert.equal(taken, 1));\n',
        },
    )
    right = "export const add = (a, b) => a + b;\nexport const taken = 1;\n"
    test = f'{head}{use}test("adds", () => assert.equal(add(1, 2), 3));\n'
    repository.commit("Make it add numbers", {"src/shop.js": right, "test/add.test.js": test})
    assert mined(repository.folder, tmp_path / "data").kept == 1
    (task,) = load_tasks(tmp_path / "data", repository.folder)
    assert task.judge is not None
    assert task.judge.must_pass == ("test/add.test.js::adds",)
    assert task.judge.keep_passing == ("test/old.test.js::stays",)
    lay(task, tmp_path / "tree")
    assert judge(task, tmp_path / "tree", plain).solved is False
    (tmp_path / "tree/src/shop.js").write_text(right)
    assert judge(task, tmp_path / "tree", plain).solved is True


def test_the_tree_comes_before_the_checkout(tmp_path: Path) -> None:
    """An editable install leads to the checkout; what is run is what lies in the tree."""
    checkout, tree = (tmp_path / "checkout").resolve(), tmp_path / "tree"
    for folder, value in ((checkout, 1), (tree, 2)):
        (folder / "lib/shopping").mkdir(parents=True)
        (folder / "lib/shopping/__init__.py").write_text(f"VALUE = {value}\n")
    python = editable(checkout, f"{checkout}/lib\n")
    (tree / "test_a.py").write_text("import shopping\ndef test_it(): assert shopping.VALUE == 2\n")
    (tree / "pyproject.toml").write_text(QUICK)
    environ = {**os.environ, "SECRET_KEY": "not for tests"}
    tools = toolchain(checkout, environ=environ, runner="pytest")
    assert tools.command == (str(python), "-m", "pytest")
    assert run_tests(tools, ("test_a.py",), tree, plain, seconds=60).passed
    assert "SECRET_KEY" not in environ_in(tools, tree)
    assert checkout / ".venv" in tools.readable


def editable(checkout: Path, line: str) -> Path:
    """An environment in the checkout, with our own packages and what an editable install adds."""
    venv.create(checkout / ".venv")
    (site,) = (checkout / ".venv/lib").glob("python*/site-packages")
    (site / "editable.pth").write_text(line)
    (site / "ours.pth").write_text(f"{Path(pytest.__file__).parent.parent}\n")
    return checkout / ".venv/bin/python"


def test_an_install_that_hides_the_tree_is_named(tmp_path: Path) -> None:
    """A hook of an install that finds the checkout first would spoil every replay, and is told."""
    repository = Repository(tmp_path / "checkout")
    test = "from shopping import VALUE\ndef test_it(): assert VALUE == {}\n"
    for value in (1, 2):
        files = {"src/shopping/__init__.py": f"VALUE = {value}\n", "tests/test_a.py": test}
        repository.commit(
            f"Make the value {value} in it",
            {name: text.format(value) for name, text in files.items()} | {"pyproject.toml": QUICK},
        )
    place = repository.folder / "src/shopping/__init__.py"
    found = "__import__('importlib').util.spec_from_file_location(name, PLACE)"
    find = f"{found} if name == 'shopping' else None"
    hook = (
        "import sys, importlib.util; sys.meta_path.insert(0, type('Hook', (), {'find_spec':"
        f" staticmethod(lambda name, path=None, target=None: {find})}}))"
    )
    editable(repository.folder, hook.replace("PLACE", repr(str(place))) + "\n")
    with pytest.raises(TrialError, match=r"imports 'shopping' from .*whatever tree it runs in"):
        mined(repository.folder, tmp_path / "data")
    (repository.folder / ".venv/lib").rename(repository.folder / ".venv/gone")
    editable(repository.folder, "\n")
    assert mined(repository.folder, tmp_path / "data").kept == 1


def test_nothing_to_run_tests_with_is_told(tmp_path: Path) -> None:
    """Which names and interpreters were looked for, and what to do."""
    with pytest.raises(TrialError, match=r"nothing says how its tests run.*--runner"):
        toolchain(tmp_path, environ=os.environ)
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to("/bin/false")
    with pytest.raises(TrialError, match=r"does not run.*Make a \.venv"):
        toolchain(tmp_path, environ={"PATH": "/nowhere"})
    (tmp_path / "pyproject.toml").unlink()
    (tmp_path / "package.json").write_text("{}")
    with pytest.raises(TrialError, match="'node' is not on PATH"):
        toolchain(tmp_path, environ={"PATH": "/nowhere"})
