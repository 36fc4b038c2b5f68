"""Podman's containers, where no bubblewrap is: the same is missing in them, the same ends them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.trials.judging.execute import Done
from rolecall.trials.running.containers import found, podman
from rolecall.trials.running.sandbox import Confines
from rolecall.types.trials import RunLimits, Stop

LIMITS = RunLimits(memory_mib=300, disk_mib=64, output_mib=2, processes=60)
ENVIRON = {"PATH": "/usr/bin:/bin", "HOME": "/home/somebody"}


@pytest.fixture(scope="module")
def engine() -> tuple[str, ...]:
    engine = found()
    if engine is None:
        pytest.skip("podman is not installed, or runs no container on this machine")
    return engine


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


def run(engine: tuple[str, ...], tree: Path, command: str, *, seconds: float = 20) -> Done:
    execute = podman(engine, Confines(limits=LIMITS))
    return execute(["bash", "-c", command], tree, seconds=seconds, environ=ENVIRON)


def test_tree_is_there_and_nothing_else_can_be_written(engine: tuple[str, ...], tree: Path) -> None:
    """Under its own path; the home folder is empty, other files are not there."""
    (tree.parent / "secret").write_text("secret")
    tries = f"pwd; ls -A $HOME; echo kept > file; cat {tree.parent}/secret; touch /usr/x; exit 3"
    done = run(engine, tree, tries)
    assert (done.status, done.stop) == (3, "finished")
    assert done.output.startswith(f"{tree}\n")
    assert "No such file or directory" in done.output
    assert "Read-only file system" in done.output
    assert (tree / "file").read_text() == "kept\n"


def test_no_network_is_there(engine: tuple[str, ...], tree: Path) -> None:
    """Only a loopback of its own."""
    done = run(engine, tree, "echo x > /dev/tcp/10.0.0.1/80; tail -n +3 /proc/net/dev")
    assert "Network is unreachable" in done.output
    assert "eth0" not in done.output


@pytest.mark.parametrize(
    ("command", "stop"),
    [
        ("sleep 60", "time"),
        ("yes", "output"),
        ("for n in 1 2 3 4; do head -c 30M /dev/zero > big$n; done; sleep 9", "disk"),
    ],
)
def test_limits_end_everything(
    engine: tuple[str, ...], tree: Path, command: str, stop: Stop
) -> None:
    """And nothing of the container is left."""
    done = run(engine, tree, command, seconds=2 if stop == "time" else 20)
    assert (done.stop, done.status) == (stop, None)


def test_forks_without_end_find_no_room(engine: tuple[str, ...], tree: Path) -> None:
    """The kernel starts no further process; whoever asked goes on without."""
    done = run(engine, tree, ":(){ :|:& };:; sleep 1; echo survived")
    assert done.output.endswith("survived\n")
    assert "Resource temporarily unavailable" in done.output
