"""Where the gateway's time goes at 60 kB, by component.

py-spy where there is one on the PATH (it samples all threads, and may need root), else cProfile
(the main thread alone, start-up included; it makes small functions look dear).

Usage: python -m benchmarks.profile [--answer json|burst|paced] [--connections N]
"""

from __future__ import annotations

import argparse
import pstats
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import processes
from benchmarks.bodies import PATHS
from benchmarks.load import Load
from benchmarks.processes import Target

_PLACES = (
    ("rolecall/wire/", "wire"),
    ("rolecall/routing/", "routing"),
    ("rolecall/privacy/", "routing"),
    ("rolecall/ledger/", "ledger"),
    ("/sqlalchemy/", "ledger"),
    ("/uvicorn/", "uvicorn"),
    ("rolecall/gateway/run.py", "event loop"),
    ("rolecall/gateway/", "gateway"),
    ("rolecall/egress/", "egress"),
)
"""Parts of a file's path, the first that fits. Code of other files counts for its caller."""
OTHER = "other"


class Options(argparse.Namespace):
    answer: str
    connections: int
    seconds: float
    dialect: str


def main() -> None:
    options = _options()
    with TemporaryDirectory(prefix="rolecall-profile-") as folder:
        output = Path(folder) / "profile"
        spy = shutil.which("py-spy")
        if spy:
            with processes.upstream() as provider, processes.rolecall(provider) as target:
                _sample(spy, target, options, output)
            shares = from_stacks(output.read_text().splitlines())
        else:
            launcher = ("-m", "cProfile", "-o", str(output))
            with processes.upstream() as provider, processes.rolecall(provider, launcher) as target:
                processes.run_load(_load(target, options))
            shares = from_statistics(pstats.Stats(str(output)))
    print(text(shares, "py-spy" if spy else "cProfile"))


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.profile")
    parser.add_argument("--answer", default="json", choices=["json", "burst", "paced"])
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--dialect", default="openai.chat", choices=list(PATHS))
    return parser.parse_args(namespace=Options())


def _load(target: Target, options: Options) -> Load:
    return Load(
        port=target.port,
        dialect=options.dialect,
        size="60k",
        answer=options.answer,
        connections=options.connections,
        seconds=options.seconds,
    )


def _sample(spy: str, target: Target, options: Options, output: Path) -> None:
    command = (spy, "record", "--pid", str(target.pid), "--rate", "250", "--full-filenames")
    where = ("--format", "raw", "--output", str(output))
    with subprocess.Popen([*command, *where], stdout=subprocess.DEVNULL) as recording:
        processes.run_load(_load(target, options))
        recording.send_signal(signal.SIGINT)
        recording.wait(30)


def from_stacks(lines: Iterable[str]) -> Counter[str]:
    """Samples per component. A line of py-spy is `frame;frame;... count`, the newest frame last."""
    shares: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        found = (component(frame) for frame in reversed(stack.split(";")))
        shares[next((name for name in found if name), OTHER)] += int(count)
    return shares


def from_statistics(statistics: pstats.Stats) -> Counter[str]:
    """Milliseconds per component. What belongs to none goes to the components that called it."""
    shares: Counter[str] = Counter()
    functions: dict[tuple[str, int, str], Any] = vars(statistics)["stats"]
    for (file, _, _), (_, _, own, _, callers) in functions.items():
        name = component(file)
        if name:
            shares[name] += round(own * 1000)
            continue
        for (caller, _, _), (_, _, part, _) in callers.items():
            shares[component(caller) or OTHER] += round(part * 1000)
    return shares


def component(place: str) -> str | None:
    return next((name for part, name in _PLACES if part in place), None)


def text(shares: Counter[str], tool: str) -> str:
    total = sum(shares.values())
    lines = [f"{name:12} {count / total:6.1%}" for name, count in shares.most_common()]
    return "\n".join([f"share of the gateway's time ({tool}, {total} samples or ms)", *lines])


if __name__ == "__main__":
    main()
