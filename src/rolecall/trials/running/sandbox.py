"""A sandbox of bubblewrap's: no network, no home folder, a system that can only be read.

What is in it: the system's programs, the folders that are named as readable, the tree, and small
folders in memory for `/tmp`, `/dev/shm` and the home folder. Everything else of this machine is not
there. Processes see none but their own, and end with the sandbox. What each limit is kept by stands
in `docs/trials-running.md`.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from rolecall.trials.judging.execute import Done, Execute
from rolecall.trials.running.pids import bounded
from rolecall.trials.running.watch import INFO, Bounds, watched
from rolecall.types.trials import RunLimits

NOWHERE = "/home/trial"
"""The home folder where the environment names none."""
SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "opt", "nix")
ETC = (
    "alternatives",
    "ca-certificates",
    "debian_version",
    "fonts",
    "group",
    "host.conf",
    "hosts",
    "java-17-openjdk",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "magic",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "passwd",
    "pki",
    "protocols",
    "python3",
    "python3.11",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "terminfo",
    "timezone",
)
"""What programs read of `/etc`: no key, no password, no network."""
IN_MEMORY_MIB = 512
"""The most that each folder in memory holds."""
_ID = "1000"
_MIB = 1024 * 1024
_SPARE_MIB = 8
"""A file may grow by this much beyond the limit of the disk, so that the watch sees it."""


class Confines(Struct, frozen=True, kw_only=True):
    """What a sandbox shows and allows beside its tree."""

    limits: RunLimits
    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    """Folders beside the tree; their growth counts as disk, too."""
    halt: int | None = None


def bubblewrap(confines: Confines) -> Execute:
    """Run commands in sandboxes with these confines."""

    def execute(
        command: Sequence[str], tree: Path, *, seconds: float, environ: Mapping[str, str]
    ) -> Done:
        home = Path(environ.get("HOME") or NOWHERE)
        inside = [*bwrap(confines, tree, home), *limited(confines.limits), *command]
        told = {**environ, "HOME": str(home), "TMPDIR": "/tmp"}  # noqa: S108 (the sandbox's own)
        with bounded(confines.limits.processes) as begin:
            limits = bounds(confines, tree, seconds)
            return watched([*begin, *inside], limits, cwd=None, environ=told)

    return execute


def unconfined(confines: Confines) -> Execute:
    """Without a sandbox: only the limits that can be watched hold."""

    def execute(
        command: Sequence[str], tree: Path, *, seconds: float, environ: Mapping[str, str]
    ) -> Done:
        with bounded(confines.limits.processes) as begin:
            limits = bounds(confines, tree, seconds)
            there = shutil.which(command[0], path=environ.get("PATH")) is not None
            words = [*begin, *command] if there else command  # a shell would say it otherwise
            return watched(words, limits, cwd=tree, environ=environ)

    return execute


def bounds(confines: Confines, tree: Path, seconds: float) -> Bounds:
    """What is watched of a command in a tree."""
    folders = (tree, *confines.writable)
    return Bounds(seconds=seconds, limits=confines.limits, folders=folders, halt=confines.halt)


def bwrap(confines: Confines, tree: Path, home: Path) -> list[str]:
    """The command line up to what is run in there.

    The home folder is under its own name, because programs look there for what is shown below it.
    """
    memory = str(min(IN_MEMORY_MIB, confines.limits.disk_mib) * _MIB)
    shown = confines.readable
    return [
        "bwrap",
        *("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"),
        *("--unshare-cgroup-try", "--disable-userns", "--die-with-parent", "--new-session"),
        *("--uid", _ID, "--gid", _ID, "--hostname", "trial", "--info-fd", INFO),
        *_system(),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--size", memory, "--tmpfs", "/dev/shm"),  # noqa: S108 (the sandbox's own)
        *("--size", memory, "--tmpfs", "/tmp"),  # noqa: S108
        *("--size", memory, "--tmpfs", str(home)),
        *(part for path in shown for part in ("--ro-bind-try", str(path), str(path))),
        *(part for path in (tree, *confines.writable) for part in ("--bind", str(path), str(path))),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(tree), "--"),
    ]


def _system() -> list[str]:
    found: list[str] = []
    for name in SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            found += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            found += ["--ro-bind", str(path), str(path)]
    for name in ETC:
        found += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return found


def limited(limits: RunLimits) -> list[str]:
    """Limits of the kernel's for each process in there; `prlimit` is a part of util-linux.

    `data` is what a process may write to of its own. The address space is not limited: Node, Go and
    Java reserve much more of it than they use.
    """
    if shutil.which("prlimit", path="/usr/bin:/bin") is None:
        return []
    largest = (limits.disk_mib + _SPARE_MIB) * _MIB
    return [
        "prlimit",
        f"--data={limits.memory_mib * _MIB}",
        f"--fsize={largest}",
        f"--nproc={limits.processes + 1}",
        "--core=0",
        "--",
    ]


def missing() -> str | None:
    """Why there can be no sandbox here; None where there can."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (Debian and Fedora: the package `bubblewrap`)"
    confines = Confines(limits=RunLimits())
    tried = [*bwrap(confines, Path("/usr"), Path(NOWHERE))]
    tried[tried.index(INFO)] = "1"
    tried[tried.index("--bind")] = "--ro-bind"
    done = subprocess.run([*tried, "true"], capture_output=True, check=False)  # noqa: S603
    if done.returncode == 0:
        return None
    said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it says nothing"]
    return f"bubblewrap cannot make a sandbox here: {said[-1]}"
