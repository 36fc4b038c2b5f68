"""How far forecasts are from bills, on sessions recorded with an engine that really counts.

Sessions grow call by call, as an agent's do that reads files (those of Python's own library), over
a gateway whose provider is the embedded engine: it counts tokens and caches prompts itself. The
prices are stated here. Usage: python -m benchmarks.forecasts [--sessions N] [--calls N]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_CONFIG = """
[roles]
code = ["embedded/smollm2-135m"]

[models."embedded/smollm2-135m"]
class = "fast"
input_price = 1
output_price = 5
cache_read_price = 0.1

[routing]
text_confidence = 1
"""
_ADDRESS = re.compile(r"rolecall \S+ on (http://\S+)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.forecasts")
    parser.add_argument("--sessions", type=int, default=6)
    parser.add_argument("--calls", type=int, default=16)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "rolecall.toml").write_text(_CONFIG)
        environ = {**os.environ, "HOME": folder, "XDG_DATA_HOME": f"{folder}/data"}
        command = [sys.executable, "-m", "rolecall", "up", "--port", "0"]
        with subprocess.Popen(
            command, cwd=home, env=environ, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                url = _address(process)
                for number in range(given.sessions):
                    _session(url, number, given.calls)
            finally:
                process.send_signal(signal.SIGINT)
        show = [sys.executable, "-m", "rolecall", "stack", "forecasts"]
        print(
            subprocess.run(
                show, cwd=home, env=environ, check=True, capture_output=True
            ).stdout.decode()
        )


def _address(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        found = _ADDRESS.search(line)
        if found:
            return found[1]
    raise SystemExit("rolecall did not start")


def _session(url: str, number: int, calls: int) -> None:
    dice = random.Random(number)  # noqa: S311 (chance for sizes, no secret)
    system = f"You are agent {number}. Read what the tools bring, and answer in one line."
    said: list[dict[str, Any]] = [{"role": "system", "content": system}]
    for piece, _ in zip(_pieces(dice), range(calls), strict=False):
        said.append({"role": "user", "content": f"Here is a part of a file:\n{piece}\nWhat is it?"})
        body = {"model": "rolecall/auto", "messages": said, "max_tokens": 40}
        request = urllib.request.Request(
            f"{url}/v1/chat/completions", json.dumps(body).encode(), {"x-session-id": f"s{number}"}
        )
        with urllib.request.urlopen(request) as answer:
            message = json.load(answer)["choices"][0]["message"]
        said.append({"role": "assistant", "content": message["content"]})


def _pieces(dice: random.Random) -> Iterator[str]:
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    while True:
        text = dice.choice(files).read_text(errors="replace")
        start = dice.randrange(max(len(text) - 600, 1))
        yield text[start : start + dice.randrange(200, 600)]


if __name__ == "__main__":
    main()
