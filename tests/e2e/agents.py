"""What the scripted upstream says so that each client works as it does with a real model.

An agent is a list of steps; each step is the calls of one answer, of the client's own tools. Which
step comes next is read off the request: how many calls its history already holds. So the script
keeps no state, and requests of sub-agents and chores may come in between in any order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import structs

from support.answers import Answer, Received, Script, Tokens, ToolCall

TASK = 'Make greeting.py say "good evening" and write it in capitals to ran.txt.'
BEFORE = '"good morning"'
AFTER = '"good evening"'
COMMAND = "tr a-z A-Z < greeting.py > ran.txt"
RAN = 'GREETING = "GOOD EVENING"\n'
FINAL = "The greeting is changed and written to ran.txt."
TITLE = "Evening greeting"
COMMIT = "feat: greet in the evening"
SUBTASK = "Count the lines of greeting.py and say the number."
SUBRESULT = "It has one line."
SUMMARY = f"The task is: {TASK} Nothing is done yet."
RAN_BEFORE = 'GREETING = "GOOD MORNING"\n'
ALLOWED = {
    "safe": True,
    "outcome": "allow",
    "risk_level": "low",
    "user_authorization": "high",
    "reason": "the user asked for it",
    "rationale": "The user asked for it.",
}
"""Leave to run a tool, in the words of Codex and of Vibe at once."""

Step = tuple[ToolCall, ...]


def working(*steps: Step, final: str = FINAL) -> Script:
    """Take the steps one by one, then say `final`; answer sub-agents and chores in passing."""

    def script(received: Received) -> Answer:
        if any(SUBTASK in text for text in said_by_user(received)):
            return Answer(text=SUBRESULT, tokens=Tokens(input=400, output=12))
        if is_chore(received):
            return Answer(text=chore(received), tokens=Tokens(input=300, output=8))
        done = calls_made(received)
        for step in steps:
            if done < len(step):
                return Answer(text="One moment.", tool_calls=step)
            done -= len(step)
        return Answer(text=final, tokens=Tokens(input=2000, output=40, cache_read=1500))

    return script


def chore(received: Received) -> str:
    """Answer a request that is no part of the work: a title, a summary, or leave to run a tool."""
    asked = " ".join(_all_texts(received))
    if "security classifier" in asked or received.header("x-openai-subagent") == "guardian":
        return json.dumps(ALLOWED)
    if "CONTEXT CHECKPOINT COMPACTION" in asked:
        return SUMMARY
    return json.dumps({"title": TITLE}) if _wants_json(received.json) else TITLE


def editing(received: Received) -> Answer:
    """Play the model for aider, which has no tools: an edit is a block of text."""
    if "commit messages" in _prompt(received):
        return Answer(text=COMMIT, tokens=Tokens(input=200, output=6))
    block = f"<<<<<<< SEARCH\nGREETING = {BEFORE}\n=======\nGREETING = {AFTER}\n>>>>>>> REPLACE"
    return Answer(text=f"The greeting changes.\n\ngreeting.py\n```python\n{block}\n```\n")


def architecting(received: Received) -> Answer:
    """Play aider's architect, who says in words what its editor then does."""
    if "expert architect" in str(received.json["messages"][0].get("content")):
        return Answer(text=f"Set GREETING to {AFTER} in greeting.py.")
    if "commit messages" in str(received.json["messages"][0].get("content")):
        return Answer(text=COMMIT)
    return Answer(text=f"greeting.py\n```python\nGREETING = {AFTER}\n```\n")


def no_steps(_: Path) -> tuple[Step, ...]:
    """Answer with words alone."""
    return ()


def codex_steps(_: Path) -> tuple[Step, ...]:
    patch = f"*** Update File: greeting.py\n@@\n-GREETING = {BEFORE}\n+GREETING = {AFTER}"
    edit = f"apply_patch <<'EOF'\n*** Begin Patch\n{patch}\n*** End Patch\nEOF"
    return tuple(
        (ToolCall(name="exec_command", arguments={"cmd": command}),)
        for command in ("cat greeting.py", edit, COMMAND)
    )


def codex_escalation(_: Path) -> tuple[Step, ...]:
    """Ask to run a command outside the sandbox, which Codex has approved by a model first."""
    asking = {"sandbox_permissions": "require_escalated", "justification": "Write ran.txt?"}
    return ((ToolCall(name="exec_command", arguments={"cmd": COMMAND, **asking}),),)


def codex_full_context(received: Received) -> Answer:
    """Play Codex's model, whose first answer reports so many tokens that Codex makes room."""
    answer = working(*codex_steps(Path()))(received)
    if received.index == 0:
        return structs.replace(answer, tokens=Tokens(input=200_000))
    return answer


def claude_code_steps(repository: Path) -> tuple[Step, ...]:
    file = str(repository / "greeting.py")
    edit = {"file_path": file, "old_string": BEFORE, "new_string": AFTER}
    command = {"command": COMMAND, "description": "Write the greeting in capitals"}
    return (
        (ToolCall(name="Read", arguments={"file_path": file}),),
        (ToolCall(name="Edit", arguments=edit),),
        (ToolCall(name="Bash", arguments=command),),
    )


def claude_code_subagent(_: Path) -> tuple[Step, ...]:
    task = {
        "description": "Count lines",
        "prompt": SUBTASK,
        "subagent_type": "general-purpose",
        "run_in_background": False,
    }
    return ((ToolCall(name="Agent", arguments=task),),)


def opencode_steps(repository: Path) -> tuple[Step, ...]:
    file = str(repository / "greeting.py")
    edit = {"filePath": file, "oldString": BEFORE, "newString": AFTER}
    command = {"command": COMMAND, "description": "Write the greeting in capitals"}
    return (
        (ToolCall(name="read", arguments={"filePath": file}),),
        (ToolCall(name="edit", arguments=edit),),
        (ToolCall(name="bash", arguments=command),),
    )


def opencode_subagent(_: Path) -> tuple[Step, ...]:
    task = {"description": "Count lines", "prompt": SUBTASK, "subagent_type": "general"}
    return ((ToolCall(name="task", arguments=task),),)


def vibe_steps(repository: Path) -> tuple[Step, ...]:
    file = str(repository / "greeting.py")
    edit = {"file_path": file, "old_string": BEFORE, "new_string": AFTER}
    return (
        (ToolCall(name="read_file", arguments={"path": file}),),
        (ToolCall(name="edit", arguments=edit),),
        (ToolCall(name="bash", arguments={"command": COMMAND}),),
    )


def vibe_subagent(_: Path) -> tuple[Step, ...]:
    spawn = json.dumps({"name": "counter", "message": SUBTASK})
    code = f"async function main() {{ return await tools.agents.spawn({spawn}); }}"
    return (
        (ToolCall(name="run_typescript", arguments={"code": code}),),
        (ToolCall(name="wait", arguments={"timeout_ms": 3000}),),
    )


def codex_subagent(received: Received) -> Answer:
    """Play Codex's model: start a sub-agent, then wait for the one whose id came back."""
    results = [item for item in history(received) if item.get("type") == "function_call_output"]
    wait: dict[str, Any] = {"timeout_ms": 20_000}
    if results:
        found = re.search(r'"agent_id":"([^"]+)"', str(results[0]["output"]))
        wait |= {"targets": [found[1]] if found else []}
    steps = (("spawn_agent", {"message": SUBTASK}), ("wait_agent", wait))
    calls = [
        ToolCall(name=name, namespace="multi_agent_v1", arguments=arguments)
        for name, arguments in steps
    ]
    return working(*((call,) for call in calls))(received)


def _prompt(received: Received) -> str:
    """The system prompt, wherever the dialect puts it."""
    body = received.json
    if received.dialect == "openai.responses":
        return str(body.get("instructions"))
    if received.dialect == "anthropic.messages":
        return " ".join(_texts(body.get("system")))
    return " ".join(_texts(body["messages"][0].get("content")))


def said_by_user(received: Received) -> Iterator[str]:
    """Read the texts of all user messages, leaving out the results of tools."""
    for message in history(received):
        if message.get("role") == "user":
            yield from _texts(message.get("content"))


def calls_made(received: Received) -> int:
    """Count the tool calls in the history, whatever the dialect."""
    return sum(_calls_in(message) for message in history(received))


def history(received: Received) -> list[dict[str, Any]]:
    messages = received.json.get("messages", received.json.get("input"))
    return messages if isinstance(messages, list) else []


def _calls_in(message: dict[str, Any]) -> int:
    if message.get("type") in {"function_call", "custom_tool_call"}:
        return 1
    content = message.get("content")
    blocks = content if isinstance(content, list) else []
    used: int = sum(block.get("type") == "tool_use" for block in blocks)
    return used + len(message.get("tool_calls") or ())


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        yield from (part["text"] for part in content if "text" in part)


def _all_texts(received: Received) -> Iterator[str]:
    yield from _texts(received.json.get("system"))
    for message in history(received):
        yield from _texts(message.get("content"))


def is_chore(received: Received) -> bool:
    """Tell what is no part of the work. Codex's approval check offers tools all the same."""
    return not _offers_tools(received) or received.header("x-openai-subagent") == "guardian"


def _offers_tools(received: Received) -> bool:
    """Codex puts tools among the messages for models that it knows by name."""
    among = any(item.get("type") == "additional_tools" for item in history(received))
    return among or bool(received.json.get("tools"))


def _wants_json(body: dict[str, Any]) -> bool:
    forms = [(body.get(option) or {}).get("format") or {} for option in ("output_config", "text")]
    return any(form.get("type") == "json_schema" for form in forms)
