"""Make sure that tests in a tree would test that tree, and not what is installed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from rolecall.errors import TrialError
from rolecall.trials.judging.runners.runner import TEST_FOLDERS
from rolecall.trials.judging.toolchain import environ_in
from rolecall.trials.mining.replay import Bench

_ASKED = """
import importlib.util, json, sys
found = {}
for name in sys.argv[1:]:
    spec = importlib.util.find_spec(name)
    found[name] = (spec and spec.origin) or ""
print(json.dumps(found))
"""
_PATIENCE = 60.0


def check_imports(bench: Bench) -> None:
    """Raise `TrialError` where the interpreter finds a package of the tree somewhere else.

    An editable install may put a hook before the path, so that `PYTHONPATH` does not help.
    """
    if bench.tools.form not in {"pytest", "unittest"}:
        return
    environ = environ_in(bench.tools, bench.tree)
    roots = [Path(root) for root in environ["PYTHONPATH"].split(":")]
    names = sorted({name for root in roots for name in _packages(root)})
    if not names:
        return
    command = (bench.tools.command[0], "-c", _ASKED, *names)
    done = bench.execute(command, bench.tree, seconds=_PATIENCE, environ=environ)
    try:
        origins = msgspec.json.decode(done.output, type=dict[str, str])
    except msgspec.DecodeError as error:
        says = (done.output.strip().splitlines() or ["nothing"])[-1]
        raise TrialError(f"{command[0]}: does not say what it imports: {says}") from error
    for name, origin in origins.items():
        if origin and not Path(origin).is_relative_to(bench.tree):
            raise TrialError(
                f"{command[0]} imports {name!r} from {origin}, whatever tree it runs in; "
                "install the project in another way (as `pip install -e . --config-settings "
                "editable_mode=compat`), or name another Python with --command"
            )


def _packages(root: Path) -> list[str]:
    """Packages directly beneath a folder that modules are imported from."""
    if not root.is_dir():
        return []
    return [
        folder.name
        for folder in root.iterdir()
        if folder.name.isidentifier()
        and folder.name not in TEST_FOLDERS
        and (folder / "__init__.py").is_file()
    ]
