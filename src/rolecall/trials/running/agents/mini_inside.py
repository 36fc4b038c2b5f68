"""Run inside a sandbox: mini-swe-agent with the bridge as its model, the sandbox as its shell.

Prompts, loop and forms are mini-swe-agent's own (`minisweagent/config/mini.yaml`). What is ours is
the model, which asks over a Unix socket and so needs no LiteLLM, and the shell, which bounds what
it reads of an output. Nothing of rolecall is imported: this file is run by its path.

Usage: python mini_inside.py JOB.json
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import minisweagent
from minisweagent.agents.default import DefaultAgent
from minisweagent.exceptions import Submitted
from minisweagent.models.utils.actions_toolcall import (
    BASH_TOOL,
    format_toolcall_observation_messages,
    parse_toolcall_actions,
)
from ruamel.yaml import YAML

DONE = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
"""What mini-swe-agent has its model print at the end."""
LONGEST = 1024 * 1024
"""Bytes of an output that are kept; the templates show a model much less."""
FLOOD = 64 * 1024 * 1024
"""Bytes of an output at which a command is ended, and the agent with it."""
LINGERING = 0.5
"""Seconds that are waited for the last words of a command which has ended."""
TRIES = 5
PASSING = frozenset({408, 409, 429})
"""Answers after which the same is asked once more, beside all from 500 on."""
FLOODED, REFUSED = 75, 76
"""Exit codes: a command that floods; a model that does not answer."""


def say(text: str) -> None:
    """Into the log, at once: a run may be ended at any moment."""
    print(text, flush=True)  # noqa: T201 (that is where the log is read from)


class Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, place: str) -> None:
        super().__init__("localhost")
        self._place = place

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._place)


class Model:
    """Whoever answers on the socket, asked with chat completions and one tool."""

    def __init__(self, place: str, settings: Mapping[str, Any]) -> None:
        self.config = SimpleNamespace(model_name="rolecall/auto")
        self._place = place
        self._observation = settings["observation_template"]
        self._format_error = settings["format_error_template"]

    def query(self, messages: Sequence[Mapping[str, Any]], **_: Any) -> dict[str, Any]:
        said = [{k: v for k, v in one.items() if k != "extra"} for one in messages]
        body = {"model": "rolecall/auto", "messages": said, "tools": [BASH_TOOL]}
        choice = self._ask(json.dumps(body).encode())["choices"][0]
        message: dict[str, Any] = choice["message"]
        calls = [_call(one) for one in message.get("tool_calls") or ()]
        actions = parse_toolcall_actions(
            calls,
            format_error_template=self._format_error,
            template_kwargs={"finish_reason": choice.get("finish_reason")},
        )
        return {**message, "extra": {"actions": actions, "cost": 0.0}}

    def _ask(self, body: bytes) -> dict[str, Any]:
        for number in range(TRIES):
            status, answer = self._once(body)
            if status == 200:
                return json.loads(answer)  # type: ignore[no-any-return] # JSON
            if status < 500 and status not in PASSING:
                break
            time.sleep(min(2**number, 30))
        say(f"the model did not answer: {status} {answer[:1000]!r}")
        sys.exit(REFUSED)

    def _once(self, body: bytes) -> tuple[int, bytes]:
        connection = Connection(self._place)
        try:
            headers = {"Content-Type": "application/json", "User-Agent": "mini-swe-agent"}
            connection.request("POST", "/v1/chat/completions", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            return 599, str(error).encode()
        finally:
            connection.close()

    def format_message(self, **message: Any) -> dict[str, Any]:
        return message

    def format_observation_messages(
        self,
        message: Mapping[str, Any],
        outputs: list[dict[str, Any]],
        template_vars: dict[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = format_toolcall_observation_messages(
            actions=message["extra"]["actions"],
            outputs=outputs,
            observation_template=self._observation,
            template_vars=template_vars,
        )
        return found

    def get_template_vars(self, **_: Any) -> dict[str, Any]:
        return {}

    def serialize(self) -> dict[str, Any]:
        return {}


def _call(one: Mapping[str, Any]) -> SimpleNamespace:
    told = one.get("function") or {}
    function = SimpleNamespace(name=told.get("name"), arguments=told.get("arguments"))
    return SimpleNamespace(id=one.get("id"), function=function)


class Shell:
    """Runs commands in the tree. A command that floods ends the agent."""

    def __init__(self, environ: dict[str, str], seconds: float) -> None:
        self.config = SimpleNamespace(timeout=seconds)
        self._environ, self._seconds = environ, seconds

    def execute(self, action: Mapping[str, Any], cwd: str = "") -> dict[str, Any]:
        process = subprocess.Popen(  # noqa: S603 (that is what the sandbox is for)
            ["/bin/bash", "-c", action["command"]],
            cwd=cwd or None,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        late = threading.Timer(self._seconds, _end, (process,))
        late.start()
        text = _heard(process)
        timely = late.is_alive()
        late.cancel()
        status = process.wait() if timely else -1
        wrong = "" if timely else f"the command was ended after {self._seconds:g} s"
        self._look_for_the_end(text, status)
        return {"output": text, "returncode": status, "exception_info": wrong}

    def _look_for_the_end(self, text: str, status: int) -> None:
        lines = text.lstrip().splitlines(keepends=True)
        if status == 0 and lines and lines[0].strip() == DONE:
            said = "".join(lines[1:])
            extra = {"exit_status": "Submitted", "submission": said}
            raise Submitted({"role": "exit", "content": said, "extra": extra})

    def get_template_vars(self, **_: Any) -> dict[str, Any]:
        return platform.uname()._asdict()

    def serialize(self) -> dict[str, Any]:
        return {}


def _heard(process: subprocess.Popen[bytes]) -> str:
    """What it says, until it has ended and said all. What it leaves running is not waited for."""
    kept, size = bytearray(), 0
    assert process.stdout is not None  # noqa: S101 (asked for above)
    stream = process.stdout.fileno()
    while _says_more(process, stream) and (block := os.read(stream, 65_536)):
        size += len(block)
        kept += block[: max(0, LONGEST - len(kept))]
        if size > FLOOD:
            _end(process)
            say(f"a command said more than {FLOOD // 2**20} MiB")
            os._exit(FLOODED)
    return kept.decode("utf-8", "replace")


def _says_more(process: subprocess.Popen[bytes], stream: int) -> bool:
    waiting = select.poll()
    waiting.register(stream, select.POLLIN)
    while not waiting.poll(LINGERING * 1000):
        if process.poll() is not None:
            return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)


class Agent(DefaultAgent):
    """Says what is said as it is said, so that the log of a run that is ended is not empty."""

    def add_messages(self, *messages: dict[str, Any]) -> list[dict[str, Any]]:
        for one in messages:
            calls = [made["function"] for made in one.get("tool_calls") or ()]
            say(f"--- {one.get('role')}\n{one.get('content') or ''}")
            for made in calls:
                say(f"> {made.get('arguments')}")
        found: list[dict[str, Any]] = super().add_messages(*messages)
        return found


def main() -> None:
    """Do the one job, and say how it ended."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    config = Path(minisweagent.package_dir) / "config" / "mini.yaml"
    settings = YAML(typ="safe").load(config)
    templates = ("system_template", "instance_template")
    agent = Agent(
        Model(job["socket"], settings["model"]),
        Shell(job["environ"] | settings["environment"]["env"], job["seconds"]),
        **{name: settings["agent"][name] for name in templates},
        cost_limit=0.0,
    )
    ended = agent.run(job["request"])
    say(f"--- {ended.get('exit_status')}")


if __name__ == "__main__":
    main()
