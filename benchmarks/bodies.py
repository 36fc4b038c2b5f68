"""Request bodies as coding agents send them, made in memory: prompt, tools, a loop of tool calls.

Each body holds a running number in the first thing the human says, so that every request of a run
begins a conversation of its own and nothing can be answered from memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

PATHS = {
    "openai.chat": "/v1/chat/completions",
    "openai.responses": "/v1/responses",
    "anthropic.messages": "/v1/messages",
}
SIZES = {"2k": 2_000, "60k": 60_000, "600k": 600_000}
MODEL = "bench-model"

_NUMBER = b"000000000"
_TASK = f"Task {_NUMBER.decode()}: find out why tests/test_cache.py fails, and mend it."
_WORDS = [
    "def",
    "return",
    "await",
    "class",
    "tenant",
    "cache",
    "key",
    "value",
    "error",
    "path",
    "request",
    "stream",
    "token",
    "model",
    "router",
    "config",
    "parse",
    "assert",
    "index",
    "buffer",
    "timeout",
    "upstream",
    "header",
    "content",
]
_FILE = 4_500
"""Characters of a file that the agent has read, as the result of one tool call."""


def body(dialect: str, size: int, *, stream: bool) -> tuple[bytes, bytes]:
    """The bytes before and after the running number; with its nine digits they make `size`."""
    build = _BUILDERS[dialect]
    small = size < 10_000
    frame = {"tools": 0 if small else 12, "prompt": 300 if small else 8_000}

    def encoded(turns: int, padding: int) -> bytes:
        fields = build(_tools(frame["tools"]), _code(frame["prompt"]), _turns(turns, padding))
        switch: dict[str, Any] = {"stream": True} if stream else {}
        return msgspec.json.encode({"model": MODEL, **switch, **fields})

    least = len(encoded(1, 0))
    each = len(encoded(2, 0)) - least
    turns = 1 + max(0, (size - least) // each)
    whole = encoded(turns, size - len(encoded(turns, 0)))
    before, _, after = whole.partition(_NUMBER)
    return before, after


def _code(length: int) -> str:
    """Text that looks like source: indented, of short lines, the same every time."""
    lines: list[str] = []
    total = 0
    while total < length:
        at = len(lines)
        words = [_WORDS[(at * 5 + step * step) % len(_WORDS)] for step in range(4 + at % 7)]
        lines.append(f"{at + 1:6d}\t{'    ' * (at % 4)}{' '.join(words)}:")
        total += len(lines[-1]) + 1
    return "\n".join(lines)[:length]


def _tools(count: int) -> list[dict[str, Any]]:
    properties = {f"p{n}": {"type": "string", "description": _code(100)} for n in range(4)}
    schema = {"type": "object", "properties": properties, "required": ["p0"]}
    return [
        {"name": f"tool_{n}", "description": f"Use this to {_code(800)}", "schema": schema}
        for n in range(count)
    ]


def _turns(count: int, padding: int) -> list[str]:
    """What each tool call brought back. The last one fills the body up to its size."""
    if count == 1:
        return ["ok" + "x" * max(padding, 0)]
    return ["ok", *[_code(_FILE)] * (count - 2), _code(_FILE) + "x" * padding]


def _chat(tools: list[dict[str, Any]], prompt: str, turns: list[str]) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": prompt},
        {"role": "user", "content": _TASK},
    ]
    for number, result in enumerate(turns):
        function = {"name": "tool_1", "arguments": '{"p0":"src/cache.py"}'}
        call = {"id": f"call_{number:04d}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
    offered = [
        {
            "type": "function",
            "function": {
                "name": tool["name"],
                "description": tool["description"],
                "parameters": tool["schema"],
            },
        }
        for tool in tools
    ]
    return {"max_tokens": 4096, "messages": messages, "tools": offered}


def _responses(tools: list[dict[str, Any]], prompt: str, turns: list[str]) -> dict[str, Any]:
    items: list[dict[str, Any]] = [{"type": "message", "role": "user", "content": _TASK}]
    for number, result in enumerate(turns):
        call = f"call_{number:04d}"
        named = {"name": "tool_1", "arguments": '{"p0":"src/cache.py"}'}
        items.append({"type": "function_call", "call_id": call, **named})
        items.append({"type": "function_call_output", "call_id": call, "output": result})
    offered = [
        {
            "type": "function",
            "name": tool["name"],
            "description": tool["description"],
            "parameters": tool["schema"],
        }
        for tool in tools
    ]
    return {"max_output_tokens": 4096, "instructions": prompt, "input": items, "tools": offered}


def _messages(tools: list[dict[str, Any]], prompt: str, turns: list[str]) -> dict[str, Any]:
    said: list[dict[str, Any]] = [{"role": "user", "content": [{"type": "text", "text": _TASK}]}]
    for number, result in enumerate(turns):
        call = f"toolu_{number:04d}"
        use = {"type": "tool_use", "id": call, "name": "tool_1", "input": {"p0": "src/cache.py"}}
        back = {"type": "tool_result", "tool_use_id": call, "content": result}
        said.append({"role": "assistant", "content": [use]})
        said.append({"role": "user", "content": [back]})
    offered = [
        {"name": t["name"], "description": t["description"], "input_schema": t["schema"]}
        for t in tools
    ]
    system = [{"type": "text", "text": prompt}]
    return {"max_tokens": 4096, "system": system, "messages": said, "tools": offered}


_Build = Callable[[list[dict[str, Any]], str, list[str]], dict[str, Any]]
_BUILDERS: dict[str, _Build] = {
    "openai.chat": _chat,
    "openai.responses": _responses,
    "anthropic.messages": _messages,
}
