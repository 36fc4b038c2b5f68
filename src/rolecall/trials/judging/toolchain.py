"""How the tests of a repository are run: the command, its environment, what it has to read.

Tests run in a tree that is not the user's checkout, with the interpreter of that checkout. What an
editable install leads to is the checkout, so the tree's own folders come first on `PYTHONPATH`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from rolecall.errors import TrialError
from rolecall.trials.judging.pythons import Python, interpreter
from rolecall.trials.judging.runners.runner import REPORT
from rolecall.trials.judging.runners.table import Form
from rolecall.trials.judging.scripts import script_of
from rolecall.types.trials import Runner

_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What tests see of the user's environment: no key, no token, nothing that steers git or Python."""
_PYTHON_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini", "conftest.py")
_MARKS: tuple[tuple[str, Runner], ...] = (
    *((name, "pytest") for name in _PYTHON_FILES),
    ("go.mod", "go"),
    ("Cargo.toml", "cargo"),
    ("package.json", "npm"),
)
"""The file that says what runs a repository's tests; the first that is there decides."""


class Toolchain(Struct, frozen=True, kw_only=True):
    """What runs a repository's tests in a tree that is not the user's checkout.

    `command` begins what runs test files. `environ` is the whole environment, with `{tree}` for the
    folder of the tree, which tests have to see under its own path. `readable` are what has to be
    readable beside it, as an interpreter; `links` are names in the tree that lead there.
    """

    runner: Runner
    form: Form
    command: tuple[str, ...]
    environ: dict[str, str]
    readable: tuple[Path, ...] = ()
    links: tuple[tuple[str, Path], ...] = ()


def toolchain(
    repository: Path,
    *,
    environ: Mapping[str, str],
    runner: Runner | None = None,
    command: Sequence[str] = (),
) -> Toolchain:
    """How this repository's tests run, as it is told or as its files say.

    Raises `TrialError` where nothing can run them, with what was looked for.
    """
    runner = runner or ("command" if command else detected(repository))
    passed = {name: environ[name] for name in _PASSED_ON if name in environ}
    passed |= {"ROLECALL_REPORT": f"{{tree}}/{REPORT}", "NO_COLOR": "1"}
    match runner:
        case "pytest" | "unittest":
            return _python(repository, runner, tuple(command), passed)
        case "npm":
            return _npm(repository, tuple(command), passed)
        case "go" | "cargo":
            return _compiled(runner, tuple(command), passed)
        case "command":
            return _own(tuple(command), passed)


def detected(repository: Path) -> Runner:
    for name, runner in _MARKS:
        if (repository / name).is_file():
            return runner
    if any(repository.glob("*.py")) or any(repository.glob("tests/*.py")):
        return "pytest"
    names = ", ".join(dict(_MARKS))
    raise TrialError(
        f"{repository}: nothing says how its tests run (looked for {names}); "
        "say it with --runner, or with --command"
    )


def environ_in(tools: Toolchain, tree: Path) -> dict[str, str]:
    """The whole environment of a command in this tree."""
    return {name: value.replace("{tree}", str(tree)) for name, value in tools.environ.items()}


def furnish(tools: Toolchain, tree: Path) -> None:
    """Put the links into a tree that was laid; what stands there already is left alone."""
    for name, target in tools.links:
        place = tree / name
        if not place.is_symlink() and not place.exists():
            place.symlink_to(target)


def _python(
    repository: Path, runner: Runner, command: tuple[str, ...], environ: dict[str, str]
) -> Toolchain:
    form: Form = "unittest" if runner == "unittest" else "pytest"
    named = Path(command[0]) if command else None
    python = interpreter(repository, environ, named, needs=("pytest",) if form == "pytest" else ())
    module = ("-m", "pytest") if form == "pytest" else ()
    paths = [f"{{tree}}/{root}".rstrip("/.") for root in python.roots]
    return Toolchain(
        runner=runner,
        form=form,
        command=(str(python.path), *module, *command[1:]),
        environ={
            **environ,
            "PYTHONPATH": ":".join(paths),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
        },
        readable=_readable(python),
    )


def _readable(python: Python) -> tuple[Path, ...]:
    """The folders of an interpreter, without those that lie in others."""
    found = {Path(path) for path in (python.prefix, python.base_prefix, *python.outside)}
    real = python.path.resolve()
    found.add(real.parent.parent)
    return tuple(sorted(one for one in found if not any(up in found for up in one.parents)))


def _npm(repository: Path, command: tuple[str, ...], environ: dict[str, str]) -> Toolchain:
    node = _found("node", environ)
    script = script_of(repository / "package.json")
    modules = repository / "node_modules"
    begins: dict[Form, tuple[str, ...]] = {
        "node": (node,),
        "exit": (_found("npm", environ), "test", "--silent"),
    }
    own = (node, f"node_modules/.bin/{script.form}")
    there = modules.is_dir()
    offline = {"npm_config_offline": "true", "npm_config_update_notifier": "false"}
    return Toolchain(
        runner="npm",
        form=script.form,
        command=command or (*begins.get(script.form, own), *script.options),
        environ={**environ, **offline, **script.environ},
        readable=(*_program(node), *((modules,) if there else ())),
        links=(("node_modules", modules),) if there else (),
    )


def _compiled(runner: Runner, command: tuple[str, ...], environ: dict[str, str]) -> Toolchain:
    form: Form = "go" if runner == "go" else "cargo"
    begins = command or (_found(form, environ),)
    home = Path(environ.get("HOME", "/"))
    kept = (".cargo", ".rustup") if form == "cargo" else ("go",)
    own = {"CARGO_TARGET_DIR": "{tree}/.rolecall/target", "CARGO_TERM_COLOR": "never"}
    offline = {"GOFLAGS": "-mod=readonly", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    return Toolchain(
        runner=runner,
        form=form,
        command=begins,
        environ=environ | (own if form == "cargo" else offline),
        readable=(
            *_program(begins[0]),
            *(home / name for name in kept if (home / name).is_dir()),
        ),
    )


def _own(command: tuple[str, ...], environ: dict[str, str]) -> Toolchain:
    if not command:
        raise TrialError("the runner 'command' needs one; give --command")
    program = _found(command[0], environ)
    return Toolchain(
        runner="command",
        form="exit",
        command=(program, *command[1:]),
        environ=environ,
        readable=_program(program),
    )


def _found(name: str, environ: Mapping[str, str]) -> str:
    """Where a program is. A path in the tree, as `./run-tests`, stays what it is."""
    if "/" in name:
        return name
    path = shutil.which(name, path=environ.get("PATH"))
    if path is None:
        raise TrialError(f"{name!r} is not on PATH; install it, or give --command")
    return path


def _program(path: str) -> tuple[Path, ...]:
    """The folder above a program's own, where its parts lie too, unless it is the system's."""
    if not Path(path).is_absolute():
        return ()
    return tuple({Path(path).parent.parent, Path(path).resolve().parent.parent})
