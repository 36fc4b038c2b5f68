"""A small repository with a task of its own, and candidates that are known to be right or wrong."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from e2e.agents import calls_made, is_chore
from rolecall.types.trials import Judge, Task
from support.answers import Answer, Received, Script, Tokens, ToolCall

BEFORE = "def double(number):\n    return number\n"
RIGHT = "def double(number):\n    return number * 2\n"
TESTS = """from doubles import double


def test_double():
    assert double(2) == 4


def test_nothing():
    assert double(0) == 0
"""
REQUEST = "double() of doubles.py does not double. Mend it."
SHELLS = {"bash": "command", "Bash": "command", "exec_command": "cmd"}
"""What clients call the tool that runs a command, and how it is told the command."""
CALL = Tokens(input=1000, output=50)
STACK = """
[providers.up]
base_url = "{base_url}"
dialects = ["openai.chat", "openai.responses", "anthropic.messages"]
zone = "local"
auth = "none"

[roles]
code = ["up/right", "up/wrong"]

[models."up/right"]
input_price = "1"
output_price = "10"

[models."up/wrong"]
input_price = "2"
output_price = "20"
"""
"""A call of `right` costs 0.0015 USD, one of `wrong` twice that."""


def repository(folder: Path) -> Path:
    """A repository whose one test fails, and whose test is written already."""
    folder.mkdir(parents=True)
    (folder / "doubles.py").write_text(BEFORE)
    (folder / "test_doubles.py").write_text(TESTS)
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "start")
    return folder


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=T", "-c", "user.email=t@example.invalid")
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def task(folder: Path, name: str = "double") -> Task:
    head = git(folder, "rev-parse", "HEAD")
    judge = Judge(
        runner="pytest",
        files=("test_doubles.py",),
        must_pass=("test_doubles.py::test_double",),
        keep_passing=("test_doubles.py::test_nothing",),
    )
    return Task(
        id=name,
        repository=str(folder),
        base=head,
        source=head,
        request=REQUEST,
        kind="fix",
        judge=judge,
    )


def writing(text: str, file: str = "doubles.py") -> str:
    """The command that writes a file."""
    return f"printf %s {shlex.quote(text)} > {file}"


def candidates(commands: Mapping[str, tuple[str, ...]]) -> Script:
    """Candidates by the name of their model: each runs its commands, then says that it is done."""

    def script(received: Received) -> Answer:
        if is_chore(received):
            return Answer(text="Doubles", tokens=CALL)
        name, key = shell(received)
        last = ("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT",) if _is_mini(received) else ()
        steps = (*commands[received.model or ""], *last)
        done = calls_made(received)
        if done >= len(steps):
            return Answer(text="It is done.", tokens=CALL)
        arguments = {key: steps[done]} | ({"description": "work"} if key == "command" else {})
        return Answer(tool_calls=(ToolCall(name=name, arguments=arguments),), tokens=CALL)

    return script


def _is_mini(received: Received) -> bool:
    return received.header("x-rolecall-mini") is not None or len(offered(received)) == 1


def shell(received: Received) -> tuple[str, str]:
    """The name of the client's tool that runs a command, and of its argument."""
    names = offered(received)
    return next((name, key) for name, key in SHELLS.items() if name in names)


def offered(received: Received) -> list[str]:
    tools = received.json.get("tools") or []
    return [one.get("name") or one.get("function", {}).get("name") for one in tools]
