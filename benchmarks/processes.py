"""Start what is measured, read what it used, and end it. Nothing here outlives its `with`."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from benchmarks.bodies import MODEL, PATHS, SIZES, body
from benchmarks.load import Load, Result

ROOT = Path(__file__).resolve().parent.parent
_LONGEST_START = 60.0
"""Seconds until a process that does not answer is given up."""
_LOAD_CORE = 0
_GATEWAY_CORE = 1
DIRECT, REFERENCE, ROLECALL = "direct", "reference", "rolecall"

_CONFIG = """
[providers.bench]
base_url = "http://127.0.0.1:{port}/v1"
dialects = {dialects}
zone = "local"
auth = "none"
billed = false

[roles]
code = ["bench/{model}"]
"""


class Target(Struct, frozen=True, kw_only=True):
    """A running server. `start` is seconds to its first answer, `idle` MB of memory then."""

    name: str
    port: int
    pid: int
    start: float
    idle: float


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def upstream() -> Iterator[Target]:
    """The provider that every gateway forwards to; asked without a gateway it is `direct`."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.upstream", str(port)]
    with _running(DIRECT, command, port, {}, _LOAD_CORE) as target:
        yield target


@contextmanager
def reference(provider: Target) -> Iterator[Target]:
    port = free_port()
    url = f"http://127.0.0.1:{provider.port}"
    command = [sys.executable, "-m", "benchmarks.reference", str(port), url]
    with _running(REFERENCE, command, port, {}, _GATEWAY_CORE) as target:
        yield target


@contextmanager
def rolecall(
    provider: Target, launcher: Sequence[str] = (), dialects: Sequence[str] = tuple(PATHS)
) -> Iterator[Target]:
    """Start rolecall as a user does, in a home of its own. `launcher` goes before `-m rolecall`.

    `dialects` are those that the provider is said to speak.
    """
    with (
        TemporaryDirectory(prefix="rolecall-bench-") as home,
        rolecall_at(Path(home), provider, launcher, dialects) as found,
    ):
        yield found


@contextmanager
def rolecall_at(
    home: Path,
    provider: Target,
    launcher: Sequence[str] = (),
    dialects: Sequence[str] = tuple(PATHS),
) -> Iterator[Target]:
    """The same in a given home, whose ledger is `home/rolecall/ledger.sqlite`."""
    port = free_port()
    config = home / "rolecall.toml"
    spoken = msgspec.json.encode(list(dialects)).decode()
    config.write_text(_CONFIG.format(port=provider.port, model=MODEL, dialects=spoken))
    up = ("-m", "rolecall", "up", "--config", str(config), "--port", str(port))
    command = [sys.executable, *launcher, *up]
    places = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
    extra = dict.fromkeys(places, str(home))
    with _running(ROLECALL, command, port, extra, _GATEWAY_CORE) as found:
        yield found


@contextmanager
def _running(
    name: str, command: Sequence[str], port: int, extra: Mapping[str, str], core: int
) -> Iterator[Target]:
    environment = {**os.environ, **extra, "PYTHONPATH": _search_path()}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's second start finds its bytecode
    began = time.perf_counter()
    with TemporaryDirectory(prefix="rolecall-bench-log-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, cwd=ROOT
            )
        try:
            _pin(process.pid, core)
            _wait_for_answer(name, process, port, log)
            start = time.perf_counter() - began
            idle = memory(process.pid)
            yield Target(name=name, port=port, pid=process.pid, start=start, idle=idle)
        finally:
            _end(process)


def _search_path() -> str:
    """Where to find `benchmarks`, after what the caller puts first to measure another copy."""
    given = os.environ.get("PYTHONPATH")
    return os.pathsep.join([given, str(ROOT)] if given else [str(ROOT)])


def _pin(pid: int, core: int) -> None:
    """Load and provider on one core, the gateway on another, where there are two to choose."""
    if sys.platform == "linux":
        allowed = sorted(os.sched_getaffinity(0))
        if len(allowed) > 1:
            os.sched_setaffinity(pid, {allowed[core]})


def _wait_for_answer(name: str, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.perf_counter() + _LONGEST_START
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            break
        try:
            if ask(port, "openai.chat", "2k", "json")[0] == 200:
                return
        except OSError:
            pass  # not listening yet
        time.sleep(0.01)
    sys.exit(f"{name} does not answer:\n{log.read_text()[-3000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def ask(port: int, dialect: str, size: str, answer: str) -> tuple[int, bytes]:
    """One request through the standard library: status and body, to compare with `direct`."""
    before, after = body(dialect, SIZES[size], stream=answer != "json")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"content-type": "application/json", "x-bench-answer": answer}
    try:
        connection.request("POST", PATHS[dialect], b"%b%09d%b" % (before, 0, after), headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def run_load(load: Load) -> Result:
    """Run one load in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.load", msgspec.json.encode(load).decode()]
    environment = {**os.environ, "PYTHONPATH": _search_path()}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, cwd=ROOT) as process:
        _pin(process.pid, _LOAD_CORE)
        output, _ = process.communicate()
    if process.returncode:
        sys.exit("the load generator failed; what it says stands above")
    return msgspec.json.decode(output, type=Result)


def cpu(pid: int) -> float:
    """Microseconds of processor time of all threads so far; NaN where /proc does not tell."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1000
    except (OSError, ValueError):
        return float("nan")


def memory(pid: int) -> float:
    """MB that belong to a process (PSS); NaN where /proc does not tell."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
