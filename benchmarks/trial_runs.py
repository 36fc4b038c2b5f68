"""What the runner of trials adds to the agent and the tests: `python -m benchmarks.trial_runs [N]`.

N tasks, two models and a control arm, one run at a time. The provider answers at once, the change
is one command, the judge a check that takes no time: what is left is the runner's. The
reference is what agent and judge took in the same runs.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

from rolecall.ledger.store import open_ledger
from rolecall.ledger.trials import runs, trials
from rolecall.trials.judging.tasks import write_task
from rolecall.types.trials import Judge, Run, Task

_STEPS = ("echo 'ok = True' > done.py", "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT")
_STACK = """
[providers.bench]
base_url = "http://127.0.0.1:{port}/v1"
dialects = ["openai.chat"]
zone = "local"
auth = "none"
billed = false

[roles]
code = ["bench/a", "bench/b"]
"""


class Provider(BaseHTTPRequestHandler):
    """Says the next step of two: which one it is, the history tells."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        done = sum(one["role"] == "tool" for one in body["messages"])
        function = {"name": "bash", "arguments": json.dumps({"command": _STEPS[done]})}
        call = {"id": f"c{done}", "type": "function", "function": function}
        message = {"role": "assistant", "content": "", "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        usage = {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050}
        answer = {"id": "x", "object": "chat.completion", "model": body["model"]}
        said = json.dumps({**answer, "choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Nothing: a line for each call would be a load of its own."""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as folder, provider() as port:
        home, repository = Path(folder) / "home", Path(folder) / "repository"
        prepare(repository, count)
        home.mkdir()
        (home / "rolecall.toml").write_text(_STACK.format(port=port))
        began = time.perf_counter()
        conduct(home, repository)
        whole = time.perf_counter() - began
        report(found(home), whole)


@contextmanager
def provider() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()


def prepare(repository: Path, count: int) -> None:
    repository.mkdir()
    (repository / "check.py").write_text("import done\n\nassert done.ok\n")
    who = ("-c", "user.name=B", "-c", "user.email=b@example.invalid")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "start")):
        subprocess.run(["git", *who, *words], cwd=repository, check=True)
    asked = ["git", "rev-parse", "HEAD"]
    head = subprocess.run(asked, cwd=repository, check=True, capture_output=True, text=True)
    check = (sys.executable, "-B", "check.py")
    for number in range(count):
        task = Task(
            id=f"task-{number:03}",
            repository=str(repository),
            base=head.stdout.strip(),
            request="Make the check pass.",
            kind="implement",
            judge=Judge(runner="command", command=check, files=("check.py",)),
        )
        write_task(repository / "trials", task)


def conduct(home: Path, repository: Path) -> None:
    folders = {"HOME": "", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config"}
    environ = {name: str(home / folder) for name, folder in folders.items()}
    command = [sys.executable, "-m", "rolecall", "trial", "run", "--models", "bench/a,bench/b"]
    subprocess.run(
        [*command, "--repository", str(repository)],
        cwd=home,
        env={"PATH": os.environ["PATH"], **environ},
        check=True,
        stderr=subprocess.DEVNULL,
    )


def found(home: Path) -> list[Run]:
    ledger = open_ledger(home / "data/rolecall/ledger.sqlite")
    (trial,) = trials(ledger)
    made = runs(ledger, trial.id)
    ledger.close()
    return made


def report(made: list[Run], whole: float) -> None:
    """From the end of a run to the end of the next, less what agent and judge took in it."""
    if not all(run.solved for run in made):
        sys.exit(f"not every run is solved: {[run.says for run in made if not run.solved]}")
    between = [(after.at - before.at).total_seconds() for before, after in pairwise(made)]
    own = [run.seconds + run.judged for run in made[1:]]
    added = [all_ - needed for all_, needed in zip(between, own, strict=True)]
    took = statistics.median(own)
    middle = statistics.median(added)
    rest = whole - sum(between)
    print(f"{len(made)} runs in {whole:.1f} s: start, first run and end take {rest:.1f} s of them")
    print(f"agent and judge take {took:.2f} s of a run (median), the runner adds {middle:.2f} s")
    print(f"({middle / took:.2f} of it; the worst run {max(added):.2f} s)")


if __name__ == "__main__":
    main()
