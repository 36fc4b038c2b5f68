"""The sandbox: what is not in it, and what ends it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from rolecall.trials.judging.execute import Done
from rolecall.trials.running.sandbox import Confines, bubblewrap, missing, unconfined
from rolecall.types.trials import RunLimits, Stop

pytestmark = pytest.mark.usefixtures("sandbox")

LIMITS = RunLimits(memory_mib=300, disk_mib=64, output_mib=2, processes=60)
ENVIRON = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/home/somebody"}
FORKS = ":(){ :|:& };:; sleep 20"
FILLS = "for n in 1 2 3 4; do dd if=/dev/zero of=big$n bs=1M count=30 2>/dev/null; done; sleep 5"
HOARDS = "for n in 1 2 3; do perl -e '$a = \"x\" x 150_000_000; sleep 20' & done; wait"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    found = tmp_path / "tree"
    found.mkdir()
    return found


def run(tree: Path, command: str, *, seconds: float = 15, limits: RunLimits = LIMITS) -> Done:
    execute = bubblewrap(Confines(limits=limits))
    return execute(["bash", "-c", command], tree, seconds=seconds, environ=ENVIRON)


def test_a_sandbox_can_be_made_here() -> None:
    """Nothing below says anything where bubblewrap is missing."""
    assert missing() is None


def test_what_a_command_does_in_its_tree_stays(tree: Path) -> None:
    """The tree has its own path in there; exit code and output are told."""
    done = run(tree, "pwd; echo kept > file; exit 3")
    assert (done.status, done.stop, done.output) == (3, "finished", f"{tree}\n")
    assert (tree / "file").read_text() == "kept\n"


@pytest.mark.parametrize(
    "place", ["/outside", "/usr/outside", "/etc/outside", "/dev/outside", "{beside}"]
)
def test_nothing_is_written_outside_of_the_tree(tree: Path, place: str) -> None:
    """Neither in the system's folders nor beside the tree."""
    place = place.format(beside=tree.parent / "outside")
    run(tree, f"echo bad > {place}; echo bad >> {place}; mkdir -p {place}-folder")
    assert not Path(place).exists()
    assert not Path(f"{place}-folder").exists()


def test_home_folder_and_other_files_are_not_there(tree: Path) -> None:
    """The home folder is empty and new, and what lies beside the tree is not seen."""
    (tree.parent / "secret").write_text("secret")
    done = run(tree, f'ls -A "$HOME"; cat {tree.parent}/secret /etc/shadow; ls /root /work')
    assert "secret\n" not in done.output.replace("/secret", "")
    assert done.output.count("No such file or directory") == 4


def test_other_processes_are_not_seen(tree: Path) -> None:
    """Only its own: nothing else can be stopped or read from there."""
    done = run(tree, "cat /proc/[0-9]*/comm | sort -u")
    assert set(done.output.split()) <= {"bwrap", "bash", "cat", "sort"}


@pytest.fixture
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine's loopback, and who came."""
    server = socket.create_server(("127.0.0.1", 0))
    came: list[str] = []

    def accept() -> None:
        while True:
            try:
                one, where = server.accept()
            except OSError:
                return
            came.append(str(where))
            one.close()

    thread = threading.Thread(target=accept)
    thread.start()
    yield f"127.0.0.1/{server.getsockname()[1]}", came
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def test_no_network_is_there(tree: Path, listening: tuple[str, list[str]]) -> None:
    """Not even this machine's own loopback can be reached, nor any other address."""
    place, came = listening
    done = run(tree, f"echo x > /dev/tcp/{place}; echo x > /dev/tcp/10.0.0.1/80; cat /proc/net/dev")
    assert came == []
    assert "Connection refused" in done.output
    assert "Network is unreachable" in done.output
    assert "eth0" not in done.output


@pytest.mark.parametrize(
    ("command", "stop"),
    [
        ("sleep 60", "time"),
        ("yes", "output"),
        (FORKS, "processes"),
        (FILLS, "disk"),
        (HOARDS, "memory"),
    ],
)
def test_limits_end_everything(tree: Path, command: str, stop: Stop) -> None:
    """Whatever goes beyond a limit is ended whole, and it is told which limit it was."""
    seconds = 1 if stop == "time" else 20
    done = run(tree, command, seconds=seconds)
    assert (done.stop, done.status) == (stop, None)
    assert done.seconds < seconds + 5


def test_forks_are_bounded_by_the_kernel(tree: Path) -> None:
    """Not by a look in time: no more are ever there than the limit and a few of the sandbox's."""
    forking = "while :; do sleep 9 & set -- /proc/[0-9]*; echo $# >> count; done"
    done = run(tree, forking, limits=replace(LIMITS, processes=40))
    assert done.stop == "processes"
    assert max(map(int, (tree / "count").read_text().split())) <= 40 + 20


def test_one_process_cannot_take_the_memory_at_once(tree: Path) -> None:
    """The kernel refuses what is beyond the limit; nobody has to look in time."""
    done = run(tree, "perl -e '$a = \"x\" x 2_000_000_000'; echo still here")
    assert "Out of memory" in done.output
    assert done.output.endswith("still here\n")


def test_folders_in_memory_are_small(tree: Path) -> None:
    """`/tmp`, `/dev/shm` and the home folder hold as much as the limit of the disk."""
    places = '/tmp/big /dev/shm/big "$HOME/big"'  # noqa: S108 (the sandbox's own)
    done = run(tree, f"for at in {places}; do dd if=/dev/zero of=$at bs=1M count=80; done 2>&1")
    assert done.output.count("No space left on device") == 3


def test_nothing_outlives_its_command(tree: Path) -> None:
    """What was left running in the background writes no more once the command has ended."""
    done = run(tree, "(while :; do date +%N > alive; done) >/dev/null 2>&1 & sleep 0.3; exit 0")
    assert done.stop == "finished"
    last = (tree / "alive").read_text()
    again = run(tree, "sleep 0.2; cat alive")
    assert again.output == last


def test_a_run_is_halted_from_outside(tree: Path) -> None:
    """Whoever writes to the descriptor ends the command."""
    reads, writes = os.pipe()
    os.write(writes, b".")
    execute = bubblewrap(Confines(limits=LIMITS, halt=reads))
    done = execute(["sleep", "60"], tree, seconds=30, environ=ENVIRON)
    os.close(reads)
    os.close(writes)
    assert done.stop == "spend"
    assert done.seconds < 5


def test_without_a_sandbox_the_watched_limits_hold(tree: Path) -> None:
    """`--unsafe` still ends what takes too long, says too much or fills the disk."""
    execute = unconfined(Confines(limits=LIMITS))
    for command, stop in (("sleep 60", "time"), ("yes", "output"), (FILLS, "disk")):
        seconds = 1 if stop == "time" else 20
        done = execute(["bash", "-c", command], tree, seconds=seconds, environ=ENVIRON)
        assert done.stop == stop


def test_a_command_that_is_not_there_is_told(tree: Path) -> None:
    """In a sandbox the shell of it says so; without one it cannot even begin."""
    assert run(tree, "no-such-program").status == 127
    execute = unconfined(Confines(limits=LIMITS))
    done = execute(["no-such-program"], tree, seconds=5, environ=ENVIRON)
    assert done.stop == "crashed"
    assert "cannot be run" in done.output
