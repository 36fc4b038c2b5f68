"""Podman's containers, where there is no bubblewrap: the same folders, another way of confining.

No image is needed: the root is a folder with nothing in it, into which the system's folders are
mounted to be read. Docker knows no such root and is not used.
"""

from __future__ import annotations

import resource
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from rolecall.config.load import environment
from rolecall.trials.judging.execute import Done, Execute
from rolecall.trials.running.sandbox import ETC, IN_MEMORY_MIB, NOWHERE, SYSTEM, Confines, bounds
from rolecall.trials.running.watch import watched
from rolecall.types.trials import RunLimits

Engine = tuple[str, ...]
ENGINES: tuple[Engine, ...] = (("podman",), ("podman", "--runtime", "runc"))
"""The runtime that podman is set up with, else one that knows older kernels' cgroups."""
_FILES = 4096
"""Open files of a process, and processes of a user; those of a container have their own limit."""
_SPARE = 60
"""Seconds after which a container ends whose runner was killed, beyond its time."""
_MIB = 1024 * 1024


def podman(engine: Engine, confines: Confines) -> Execute:
    """Run commands in containers with these confines."""

    def execute(
        command: Sequence[str], tree: Path, *, seconds: float, environ: Mapping[str, str]
    ) -> Done:
        name = f"rolecall-{secrets.token_hex(6)}"
        with tempfile.TemporaryDirectory(prefix="rolecall-root-") as folder:
            root = Path(folder)
            begin = [*engine, "run", "--name", name, f"--timeout={int(seconds) + _SPARE}"]
            words = [*begin, *_confined(confines, tree, root, environ), *command]
            try:
                limits = bounds(confines, tree, seconds)
                done = watched(words, limits, cwd=None, environ=environment())
                if done.stop == "finished" and _starved(engine, name):
                    done = replace(done, stop="memory", status=None)
            finally:
                _asked(engine, "rm", "--force", "--time", "0", name)
        return done

    return execute


def _confined(confines: Confines, tree: Path, root: Path, environ: Mapping[str, str]) -> list[str]:
    """What a container shows and allows, up to its root."""
    limits = confines.limits
    home = environ.get("HOME") or NOWHERE
    memory = f"{limits.memory_mib}m"
    small = f"size={min(IN_MEMORY_MIB, limits.disk_mib)}m,mode=1777"
    told = {**environ, "HOME": home, "TMPDIR": "/tmp"}  # noqa: S108 (the container's own)
    readable = [*_system(root), *(path for path in confines.readable if path.exists())]
    return [
        *("--network=none", "--read-only", "--read-only-tmpfs=false", "--cap-drop=all"),
        *("--security-opt=no-new-privileges", f"--pids-limit={limits.processes}"),
        *(f"--memory={memory}", f"--memory-swap={memory}", f"--shm-size={limits.disk_mib}m"),
        *("--ulimit=core=0:0", f"--ulimit=nofile={_own(resource.RLIMIT_NOFILE)}"),
        *(f"--ulimit=nproc={_own(resource.RLIMIT_NPROC)}", f"--ulimit=fsize={_largest(limits)}"),
        *(f"--tmpfs=/tmp:{small}", f"--tmpfs={home}:{small}"),
        *(f"--volume={path}:{path}:ro" for path in readable),
        *(f"--volume={path}:{path}:rw" for path in (tree, *confines.writable)),
        *(f"--env={key}={value}" for key, value in told.items()),
        *(f"--workdir={tree}", "--rootfs", str(root)),
    ]


def _own(limit: int) -> str:
    """Ours: podman asks for more by default than everybody may have."""
    _, most = resource.getrlimit(limit)
    most = _FILES if most == resource.RLIM_INFINITY else min(most, _FILES)
    return f"{most}:{most}"


def _largest(limits: RunLimits) -> str:
    size = (limits.disk_mib + 8) * _MIB
    return f"{size}:{size}"


def _system(root: Path) -> list[Path]:
    """The system's folders that are to be mounted; links between them are made in the root."""
    found: list[Path] = []
    for name in SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            (root / name).symlink_to(path.readlink())
        elif path.is_dir():
            found.append(path)
    return [*found, *(path for path in (Path("/etc", name) for name in ETC) if path.exists())]


def _starved(engine: Engine, name: str) -> bool:
    return "true" in _asked(engine, "inspect", "--format", "{{.State.OOMKilled}}", name)


def _asked(engine: Engine, *words: str) -> str:
    done = subprocess.run([*engine, *words], capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout


def found() -> Engine | None:
    """The engine that runs a container here; None where none does."""
    if shutil.which("podman") is None:
        return None
    for engine in ENGINES:
        with tempfile.TemporaryDirectory(prefix="rolecall-tree-") as folder:
            execute = podman(engine, Confines(limits=RunLimits()))
            tried = execute(["true"], Path(folder), seconds=20, environ={"PATH": "/usr/bin:/bin"})
        if tried.status == 0:
            return engine
    return None
