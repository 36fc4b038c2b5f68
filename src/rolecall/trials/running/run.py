"""One run: lay out a task, let an agent do it in a sandbox, judge what came of it.

Runs wherever a worker is. What it needs is in `Work`, what it found in `Result`: it writes neither
to the ledger nor to the folder of the trial.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from rolecall.errors import TrialError
from rolecall.trials.judging.execute import Done, Execute
from rolecall.trials.judging.judge import Verdict, judge, tools_of
from rolecall.trials.judging.reviews import ANSWER
from rolecall.trials.judging.toolchain import Toolchain, environ_in, furnish
from rolecall.trials.judging.trees import change, lay
from rolecall.trials.running.agents.agent import Job
from rolecall.trials.running.agents.table import DEFAULT, agent
from rolecall.trials.running.bridge import Allowance, Bridge, Pin
from rolecall.trials.running.containers import Engine, podman
from rolecall.trials.running.sandbox import Confines, bubblewrap, unconfined
from rolecall.trials.running.usage import size
from rolecall.types.trials import Arm, RunLimits, Stop, Task

Confinement = Literal["bubblewrap", "podman", "none"]
SCRATCH = "rolecall-run-"
"""How a run's folder begins; the number of its process follows."""
_PORT = 4141
"""Where clients find the bridge in a sandbox, whose network is its own."""
_FLOODED = 75
"""How the default agent ends when a command of its has flooded it (`mini_inside.py`)."""
_LIMITS: frozenset[Stop] = frozenset(
    {"time", "memory", "output", "disk", "processes", "spend", "calls"}
)
_NOBODYS: frozenset[Stop] = frozenset({"lost", "refused"})
_LARGEST_CHANGE = 64 * 1024 * 1024
"""Bytes by which a tree may grow and its change still be kept."""
_MIB = 1024 * 1024


class Work(Struct, frozen=True, kw_only=True):
    """One run to be made. `pin.mark` names it in the ledger, without the try.

    `rationed` says that its limit of spend is what the budget of the trial has left.
    """

    trial: str
    task: Task
    arm: Arm
    repetition: int
    agent: str
    limits: RunLimits
    pin: Pin
    confinement: Confinement = "bubblewrap"
    engine: Engine = ()
    """How podman is called, where it confines."""
    rationed: bool = False


class Result(Struct, frozen=True, kw_only=True):
    """What a run came to. `mark` is that of this try; `began` is when it did."""

    mark: str
    began: datetime
    stop: Stop
    solved: bool | None
    says: str
    seconds: float = 0.0
    judged: float = 0.0
    change: str = ""
    log: str = ""
    verdict: str = ""


def mark_of(trial: str, task: str, arm: Arm, repetition: int) -> str:
    """How a run's calls are marked in the ledger; a trial's are marked alike up to `run`."""
    told = blake2b(f"{task}\0{arm.name}\0{repetition}".encode(), digest_size=6).hexdigest()
    return f"trial {trial} run {told}"


def one(work: Work) -> Result:
    """Make one run. What goes wrong with it is its result."""
    mark = f"{work.pin.mark} try {secrets.token_hex(4)}"
    session = mark.replace(" ", "-") if work.agent == DEFAULT else ""
    work = replace(work, pin=replace(work.pin, mark=mark, session=session))
    began = datetime.now(UTC)
    scratch = Path(tempfile.mkdtemp(prefix=f"{SCRATCH}{os.getpid()}-")).resolve()
    try:
        return replace(_made(work, scratch), mark=mark, began=began)
    except TrialError as error:
        says = f"the task cannot be tried: {error}"
        return Result(mark=mark, began=began, stop="crashed", solved=None, says=says)
    finally:
        remove(scratch)


def _made(work: Work, scratch: Path) -> Result:
    tree, outbox = scratch / "tree", scratch / "out"
    outbox.mkdir()
    tools = tools_of(work.task)
    lay(work.task, tree)
    furnish(tools, tree)
    before = size(tree)
    done, stop, says = _worked(work, tools, tree, outbox)
    found = Result(
        mark="",
        began=datetime.now(UTC),
        stop=stop,
        solved=None,
        says=says,
        seconds=done.seconds,
        log=done.output,
    )
    if stop in _NOBODYS:
        return found
    changed = ""
    if size(tree) - before <= _LARGEST_CHANGE:
        changed = change(work.task, tree)
    found = replace(found, change=changed)
    if stop in _LIMITS:
        rationed = work.rationed and stop == "spend"
        return replace(found, solved=None if rationed else False)
    return _judged(work, tools, tree, found)


def _worked(work: Work, tools: Toolchain, tree: Path, outbox: Path) -> tuple[Done, Stop, str]:
    """Let the agent work; how that ended, and why."""
    allowance = Allowance(calls=work.limits.calls, spend=work.limits.spend)
    confined = work.confinement != "none"
    environ = _environ(tools, tree, None if confined else outbox / "home")
    with Bridge(outbox / "bridge", work.pin, allowance) as bridge:
        job = Job(
            request=_request(work.task),
            tree=tree,
            outbox=outbox,
            socket=outbox / "bridge",
            port=_PORT if confined else _free_port(),
            environ=environ,
        )
        start = agent(work.agent).start(job)
        readable = (*tools.readable, *start.readable)
        execute = _execute(work, readable, (outbox,), bridge.halt)
        done = execute(
            start.command, tree, seconds=work.limits.seconds, environ=dict(start.environ)
        )
    if bridge.words:
        done = replace(done, output=f"{done.output}\nthe provider said: {bridge.words}\n")
    return done, *_ending(work, done, bridge)


def _request(task: Task) -> str:
    if not task.defects or ANSWER in task.request:
        return task.request
    return f"{task.request}\n\nName each defect by its place, as `path:line`, in the file {ANSWER}."


def _environ(tools: Toolchain, tree: Path, home: Path | None) -> dict[str, str]:
    """That of the tests, with their interpreter first on the path."""
    environ = environ_in(tools, tree)
    program = Path(tools.command[0])
    if program.is_absolute():
        environ["PATH"] = f"{program.parent}:{environ.get('PATH', '/usr/bin:/bin')}"
    if home is not None:
        home.mkdir()
        environ["HOME"] = str(home)
    return environ


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _execute(
    work: Work, readable: tuple[Path, ...], writable: tuple[Path, ...], halt: int | None
) -> Execute:
    confines = Confines(limits=work.limits, readable=readable, writable=writable, halt=halt)
    match work.confinement:
        case "bubblewrap":
            return bubblewrap(confines)
        case "podman":
            return podman(work.engine, confines)
        case "none":
            return unconfined(confines)


def _ending(work: Work, done: Done, bridge: Bridge) -> tuple[Stop, str]:
    """How the work ended: at a limit, by the bridge, or by the agent's own doing."""
    ended = bridge.ended
    if ended is not None and done.stop in {"finished", "spend"}:
        rationed = work.rationed and ended.stop == "spend"
        return ended.stop, "the trial's budget ran out" if rationed else ended.says
    if done.stop != "finished":
        return done.stop, limit_said(done.stop, work.limits)
    if done.status == _FLOODED:
        return "output", limit_said("output", work.limits)
    if bridge.trouble:
        return "refused", bridge.trouble
    if done.status == 0:
        return "finished", ""
    return "crashed", f"the agent ended with {done.status}; its log tells why"


def limit_said(stop: Stop, limits: RunLimits) -> str:
    """Which limit it was, in words."""
    amounts: dict[Stop, str] = {
        "time": f"{limits.seconds:g} s",
        "memory": f"{limits.memory_mib} MiB of memory",
        "output": f"{limits.output_mib} MiB of output",
        "disk": f"{limits.disk_mib} MiB of disk",
        "processes": f"{limits.processes} processes",
    }
    return f"ended at its limit of {amounts.get(stop, stop)}"


def _judged(work: Work, tools: Toolchain, tree: Path, found: Result) -> Result:
    """Ask the judge, in a sandbox of its own that has no way out at all."""
    execute = _execute(work, tools.readable, (), None)
    verdict: Verdict = judge(work.task, tree, execute, tools)
    parts = [found.says, verdict.says, _tampered(work.task, found.change)]
    return replace(
        found,
        solved=verdict.solved,
        says="; ".join(part for part in parts if part),
        judged=verdict.seconds,
        verdict=verdict.output,
    )


def _tampered(task: Task, changed: str) -> str:
    files = task.judge.files if task.judge is not None else ()
    edited = [path for path in files if f"b/{path}\n" in changed]
    return f"it edited the judge, which was put back: {', '.join(edited)}" if edited else ""


def remove(folder: Path) -> None:
    """Whatever is in it, folders without permissions, too. No link is followed."""

    def again(act: Callable[..., Any], path: str, _: object) -> None:
        with suppress(OSError):
            for one in (Path(path).parent, Path(path)):
                if not one.is_symlink():
                    one.chmod(stat.S_IRWXU)
            act(path)

    shutil.rmtree(folder, onerror=again)
