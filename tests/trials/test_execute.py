"""A command is run within its limits, and nothing of it is left behind."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from rolecall.trials.judging.execute import HEAD, TAIL, Done, plain, plain_until
from support.processes import gone


def run(code: str, tree: Path, seconds: float = 30.0, **environ: str) -> Done:
    return plain((sys.executable, "-c", code), tree, seconds=seconds, environ=environ)


def test_what_is_printed_and_how_it_ended_is_told(tmp_path: Path) -> None:
    """Both streams in their order, the exit code, and nothing of our own environment."""
    code = (
        "import os, sys; print(os.getcwd(), flush=True); print(sorted(os.environ), flush=True);"
        "sys.stderr.write('bad'); sys.exit(3)"
    )
    done = run(code, tmp_path, ONE="1")
    folder, names, bad = done.output.splitlines()
    assert Path(folder) == tmp_path.resolve()
    assert "ONE" in names
    assert "HOME" not in names
    assert (bad, done.status, done.stop) == ("bad", 3, "finished")


def test_who_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """The limit ends the children too, and what was printed by then is kept."""
    code = (
        "import subprocess, sys, time; print('begun', flush=True);"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "open('child', 'w').write(str(child.pid)); time.sleep(600)"
    )
    done = run(code, tmp_path, seconds=2.0)
    assert (done.stop, done.status) == ("time", None)
    assert done.output == "begun\n"
    assert gone(int((tmp_path / "child").read_text()))


def test_who_is_left_behind_is_ended(tmp_path: Path) -> None:
    """A child in the background does not outlive its parent, nor does it delay the result."""
    code = (
        "import subprocess, sys;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "open('child', 'w').write(str(child.pid))"
    )
    done = run(code, tmp_path)
    assert (done.stop, done.status) == ("finished", 0)
    assert gone(int((tmp_path / "child").read_text()))


def test_what_is_over_is_ended(tmp_path: Path) -> None:
    """A command that runs when somebody stops all of it is lost, and gone."""
    over = threading.Event()
    threading.Timer(0.5, over.set).start()
    command = (sys.executable, "-c", "import time; time.sleep(600)")
    done = plain_until(over)(command, tmp_path, seconds=600, environ={})
    assert (done.stop, done.status) == ("lost", None)


def test_an_endless_output_is_cut_and_then_ended(tmp_path: Path) -> None:
    """The beginning and the end are kept, and memory does not grow with the output."""
    done = run("while True: print('x' * 1_000_000)", tmp_path)
    assert (done.stop, done.status) == ("output", None)
    assert len(done.output) < HEAD + TAIL + 100
    assert "bytes left out" in done.output


def test_what_cannot_be_started_is_told(tmp_path: Path) -> None:
    done = plain(("./not-there",), tmp_path, seconds=5, environ={})
    assert (done.stop, done.status) == ("crashed", None)
    assert "./not-there" in done.output


def test_an_output_held_from_outside_of_the_group_is_not_waited_for(tmp_path: Path) -> None:
    """A daemon that left the group and kept the pipe costs two seconds, not its life."""
    code = (
        "import os, sys, time\nprint('told', flush=True)\n"
        "if os.fork() == 0:\n    os.setsid(); open('child', 'w').write(str(os.getpid()))\n"
        "    os.close(0); time.sleep(60); os._exit(0)\n"
        "while not os.path.exists('child'): pass\n"
    )
    began = time.monotonic()
    done = run(code, tmp_path)
    os.kill(int((tmp_path / "child").read_text()), 9)
    assert done.output == "told\n"
    assert time.monotonic() - began < 20
