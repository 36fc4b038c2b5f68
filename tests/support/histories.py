"""Writes logs as Claude Code does, of sessions that a test makes up: what was said, done and used.

The form is that of the client, the words are ours.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

START = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
PLANNING = "Design the architecture of the new billing service: which modules, which data flow?"
TRIVIAL = "Fix the typo in the README heading and reformat the table."
CODING = "Implement the parser for the new configuration format."
OBJECTION = "No, that is wrong, it still does not work. Undo that."
PASSED = "===== 12 passed in 0.31s ====="
FAILED = (
    "FAILED tests/test_a.py::test_sum - assert 3 == 4\n===== 1 failed, 11 passed in 0.31s ====="
)


class Used(Struct, frozen=True, kw_only=True):
    """Tokens as Anthropic reports them: cached ones stand beside the input."""

    input: int = 100
    output: int = 200
    read: int = 0
    write: int = 0

    @property
    def whole(self) -> int:
        return self.input + self.read + self.write


class ClaudeLog:
    """One session's file. Each call is a minute after the one before."""

    def __init__(
        self,
        home: Path,
        name: str,
        *,
        folder: str = "/home/ada/shop",
        start: datetime = START,
        agent: str | None = None,
    ) -> None:
        projects = home / ".claude/projects" / folder.replace("/", "-")
        place = projects / f"{name}/subagents/agent-{agent}.jsonl" if agent else projects / name
        self.path = place if agent else place.with_suffix(".jsonl")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.at = start
        self._name, self._folder, self._agent = name, folder, agent
        self._calls = 0

    def turn(
        self,
        words: str,
        model: str,
        used: Sequence[Used] = (Used(),),
        *,
        edits: int = 0,
        tests: str | None = None,
        runs: int = 1,
        step: timedelta = timedelta(minutes=1),
    ) -> ClaudeLog:
        """What a person says, and the calls that follow; `tests` is the output of test runs.

        Calls but the last use a tool: first the edits, then the tests, then reading.
        """
        self._line("user", {"role": "user", "content": words})
        tools = ["Edit"] * edits + (["Bash"] * runs if tests else [])
        for number, one in enumerate(used):
            tool = None
            if number < len(used) - 1 or number < len(tools):
                tool = tools[number] if number < len(tools) else "Read"
            self._answer(model, one, tool)
            self.at += step
            if tool is not None:
                self._result(tests if tool == "Bash" else "done")
        return self

    def answer(self, model: str, used: Used, id: str) -> ClaudeLog:  # noqa: A002
        """One answer under an id of its own, with no tool."""
        self._write("assistant", self._message(model, used, id, [{"type": "text", "text": "ok"}]))
        self.at += timedelta(minutes=1)
        return self

    def _answer(self, model: str, used: Used, tool: str | None) -> None:
        self._calls += 1
        id_ = f"msg_{self._name}_{self._agent or ''}_{self._calls}"
        text = {"type": "text", "text": "One moment."}
        self._write("assistant", self._message(model, used, id_, [text]))
        if tool is not None:
            given = {
                "Edit": {"file_path": "a.py", "old_string": f"{self._calls}", "new_string": "b"},
                "Bash": {"command": "pytest -q"},
                "Read": {"file_path": "a.py"},
            }[tool]
            call = {"type": "tool_use", "id": f"toolu_{self._calls}", "name": tool, "input": given}
            self._write("assistant", self._message(model, used, id_, [call]))

    def _result(self, text: str | None) -> None:
        block = {"type": "tool_result", "tool_use_id": f"toolu_{self._calls}", "content": text}
        self._line("user", {"role": "user", "content": [block]})

    def _message(self, model: str, used: Used, id_: str, content: list[Any]) -> dict[str, Any]:
        return {
            "id": id_,
            "role": "assistant",
            "model": model,
            "content": content,
            "usage": {
                "input_tokens": used.input,
                "output_tokens": used.output,
                "cache_read_input_tokens": used.read,
                "cache_creation_input_tokens": used.write,
            },
        }

    def _write(self, sort: str, message: dict[str, Any]) -> None:
        self._line(sort, message, requestId=f"req_{message['id']}")

    def _line(self, sort: str, message: dict[str, Any], **more: Any) -> None:
        line = {
            "type": sort,
            "timestamp": self.at.isoformat().replace("+00:00", "Z"),
            "sessionId": self._name,
            "cwd": self._folder,
            "isSidechain": self._agent is not None,
            "message": message,
            **more,
        }
        if self._agent is not None:
            line["agentId"] = self._agent
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
