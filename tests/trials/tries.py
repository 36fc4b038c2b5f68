"""A small repository with a task of its own, and candidates that are known to be right or wrong."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from e2e.agents import calls_made, is_chore
from rolecall.types.trials import Judge, Task
from support.answers import Answer, Received, Script, Tokens, ToolCall

BEFORE = "def double(number):\n    return number\n"
RIGHT = "def double(number):\n    return number * 2\n"
CHECK = "from doubles import double\n\nassert double(2) == 4\nassert double(0) == 0\n"
REQUEST = "double() of doubles.py does not double. Mend it."
DONE = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
"""How mini-swe-agent is told that its work is done."""
SHELLS = {"bash": "command", "Bash": "command", "exec_command": "cmd"}
"""What clients call the tool that runs a command, and how it is told the command."""
DESCRIBED = {"Bash", "bash"}
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
"""A call of `right` costs 0.0015 USD, one of `wrong` twice that; others have no price."""


def repository(folder: Path) -> Path:
    """A repository with a mistake, and a check that finds it."""
    folder.mkdir(parents=True)
    (folder / "doubles.py").write_text(BEFORE)
    (folder / "check.py").write_text(CHECK)
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
    """Judged by the exit code of a command that takes no time."""
    head = git(folder, "rev-parse", "HEAD")
    check = (sys.executable, "-B", "check.py")
    judge = Judge(runner="command", command=check, files=("check.py",))
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


MENDING = writing(RIGHT)


def candidates(commands: Mapping[str, tuple[str, ...]]) -> Script:
    """Candidates by the name of their model: each runs its commands, then says that it is done."""

    def script(received: Received) -> Answer:
        if is_chore(received):
            return Answer(text="Doubles", tokens=CALL)
        steps = (*commands[received.model or ""], *((DONE,) if is_mini(received) else ()))
        done = calls_made(received)
        if done >= len(steps):
            return Answer(text="It is done.", tokens=CALL)
        return Answer(tool_calls=(calling(received, steps[done]),), tokens=CALL)

    return script


def calling(received: Received, command: str) -> ToolCall:
    """A call of the client's own tool that runs a command."""
    names = offered(received)
    name, key = next((name, key) for name, key in SHELLS.items() if name in names)
    told = {"description": "work"} if name in DESCRIBED and "run_typescript" not in names else {}
    return ToolCall(name=name, arguments={key: command, **({} if is_mini(received) else told)})


def is_mini(received: Received) -> bool:
    """It has one tool and no other."""
    return offered(received) == ["bash"]


def offered(received: Received) -> list[str]:
    tools = received.json.get("tools") or []
    return [one.get("name") or one.get("function", {}).get("name") for one in tools]
