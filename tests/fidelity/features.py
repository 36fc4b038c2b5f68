"""What a request can ask for, in the words of each dialect that has them.

`reads` picks the feature out of a conversation: it is carried where the same stands there after the
request was written in another dialect and read again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from rolecall.types import Dialect
from rolecall.wire.translate.conversation import (
    Conversation,
    Media,
    Part,
    Text,
    ToolCall,
    ToolResult,
)

CHAT: Dialect = "openai.chat"
RESPONSES: Dialect = "openai.responses"
MESSAGES: Dialect = "anthropic.messages"
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
ANSWER = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
DATA = "aGVsbG8="


class Feature(Struct, frozen=True):
    """`bodies`: what stands beside a plain body; a dialect that is missing has no such word."""

    name: str
    reads: Callable[[Conversation], Any]
    bodies: dict[Dialect, dict[str, Any]]


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


PLAIN: dict[Dialect, dict[str, Any]] = {
    CHAT: {"model": "m", "messages": [user("hello")]},
    RESPONSES: {"model": "m", "input": [user("hello")]},
    MESSAGES: {"model": "m", "max_tokens": 64, "messages": [user("hello")]},
}
TOOL: dict[Dialect, dict[str, Any]] = {
    CHAT: {"type": "function", "function": {"name": "read", "parameters": SCHEMA}},
    RESPONSES: {"type": "function", "name": "read", "parameters": SCHEMA, "strict": False},
    MESSAGES: {"name": "read", "input_schema": SCHEMA},
}
_ARGUMENTS = [("c1", '{"path":"a.py"}'), ("c2", '{"path":"b.py"}')]


def _calls(result: Any = "x = 1", failed: bool = False) -> dict[Dialect, dict[str, Any]]:  # noqa: FBT002
    """Two calls at once, and their results."""
    chat = [
        {"id": i, "type": "function", "function": {"name": "read", "arguments": a}}
        for i, a in _ARGUMENTS
    ]
    asked = [
        {"type": "function_call", "call_id": i, "name": "read", "arguments": a}
        for i, a in _ARGUMENTS
    ]
    answered = [
        {"type": "function_call_output", "call_id": i, "output": result} for i, _ in _ARGUMENTS
    ]
    used = [
        {"type": "tool_use", "id": i, "name": "read", "input": json.loads(a)} for i, a in _ARGUMENTS
    ]
    results = [
        {"type": "tool_result", "tool_use_id": i, "content": result, "is_error": failed}
        for i, _ in _ARGUMENTS
    ]
    told = [{"role": "tool", "tool_call_id": i, "content": result} for i, _ in _ARGUMENTS]
    return {
        CHAT: {
            "messages": [user("go"), {"role": "assistant", "tool_calls": chat}, *told],
            "tools": [TOOL[CHAT]],
        },
        RESPONSES: {"input": [user("go"), *asked, *answered], "tools": [TOOL[RESPONSES]]},
        MESSAGES: {
            "messages": [user("go"), {"role": "assistant", "content": used}, user(results)],
            "tools": [TOOL[MESSAGES]],
        },
    }


def parts(found: Conversation) -> Iterator[Part]:
    return (part for message in found.messages for part in message.parts)


def calls(found: Conversation) -> Any:
    return [
        (part.id, part.name, json.loads(part.arguments))
        for part in parts(found)
        if isinstance(part, ToolCall)
    ]


def results(found: Conversation) -> Any:
    return [
        (part.call_id, [one.text for one in part.parts if isinstance(one, Text)])
        for part in parts(found)
        if isinstance(part, ToolResult)
    ]


def media(found: Conversation) -> Any:
    """Wherever it stands: some dialects show what belongs to a result right after it."""
    inner = [one for p in parts(found) if isinstance(p, ToolResult) for one in p.parts]
    shown = [one for one in (*parts(found), *inner) if isinstance(one, Media)]
    return [(one.kind, one.data, one.url) for one in shown]


def authors(found: Conversation) -> Any:
    """Who says what; a tag may say that it is the system."""
    return [
        (
            "system" if "system-message" in part.text else message.author,
            part.text.replace("<system-message>\n", "").replace("\n</system-message>", ""),
        )
        for message in found.messages
        for part in message.parts
        if isinstance(part, Text)
    ]


def nothing(_: Conversation) -> None:
    """For what only the client's dialect has a word for."""


def _image(source: dict[Dialect, Any]) -> dict[Dialect, dict[str, Any]]:
    return {
        CHAT: {"messages": [user([source[CHAT]])]},
        RESPONSES: {"input": [user([source[RESPONSES]])]},
        MESSAGES: {"messages": [user([source[MESSAGES]])]},
    }


_PNG = f"data:image/png;base64,{DATA}"
_PDF = f"data:application/pdf;base64,{DATA}"
_HTTP = "https://example.com/a.png"
_SHOWN = {
    CHAT: {"type": "image_url", "image_url": {"url": _PNG}},
    RESPONSES: {"type": "input_image", "image_url": _PNG},
    MESSAGES: {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": DATA},
    },
}
_LINKED = {
    CHAT: {"type": "image_url", "image_url": {"url": _HTTP}},
    RESPONSES: {"type": "input_image", "image_url": _HTTP},
    MESSAGES: {"type": "image", "source": {"type": "url", "url": _HTTP}},
}
_DOCUMENT = {
    CHAT: {"type": "file", "file": {"filename": "a.pdf", "file_data": _PDF}},
    RESPONSES: {"type": "input_file", "filename": "a.pdf", "file_data": _PDF},
    MESSAGES: {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": DATA},
    },
}
_KEPT = {
    CHAT: {"type": "file", "file": {"file_id": "file-1"}},
    RESPONSES: {"type": "input_file", "file_id": "file-1"},
    MESSAGES: {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
}


def tools(which: dict[Dialect, Any]) -> dict[Dialect, dict[str, Any]]:
    return {dialect: {"tools": [tool]} for dialect, tool in which.items()}


def every(more: dict[str, Any]) -> dict[Dialect, dict[str, Any]]:
    return dict.fromkeys(PLAIN, more)


def choosing(which: dict[Dialect, dict[str, Any]]) -> dict[Dialect, dict[str, Any]]:
    return {dialect: {"tools": [TOOL[dialect]], **more} for dialect, more in which.items()}


_LATE = [user("hello"), {"role": "assistant", "content": "hi"}, {"role": "system", "content": "be"}]
_BACK = [*_LATE, user("go")]
_MARKED = [{"type": "text", "text": "hello", "cache_control": {"type": "ephemeral"}}]

FEATURES: tuple[Feature, ...] = (
    Feature("text", authors, every({})),
    Feature(
        "system prompt",
        authors,
        {
            CHAT: {"messages": [{"role": "system", "content": "be"}, user("hello")]},
            RESPONSES: {"instructions": "be"},
            MESSAGES: {"system": "be"},
        },
    ),
    Feature(
        "system message in mid-conversation",
        authors,
        {
            CHAT: {"messages": _BACK},
            RESPONSES: {"input": _BACK},
            MESSAGES: {"messages": _BACK},
        },
    ),
    Feature(
        "tools with their schemas", lambda c: [(t.name, t.schema) for t in c.tools], tools(TOOL)
    ),
    Feature("parallel calls: ids, names, arguments", calls, _calls()),
    Feature("results of tools", results, _calls()),
    Feature(
        "a result that says it failed",
        lambda c: [p.failed for p in parts(c) if isinstance(p, ToolResult)],
        {MESSAGES: _calls(failed=True)[MESSAGES]},
    ),
    Feature(
        "images in results",
        media,
        {
            RESPONSES: _calls([_SHOWN[RESPONSES]])[RESPONSES],
            MESSAGES: _calls([_SHOWN[MESSAGES]])[MESSAGES],
        },
    ),
    Feature(
        "a tool must be called",
        lambda c: c.choice.mode,
        choosing(
            {
                CHAT: {"tool_choice": "required"},
                RESPONSES: {"tool_choice": "required"},
                MESSAGES: {"tool_choice": {"type": "any"}},
            }
        ),
    ),
    Feature(
        "a certain tool must be called",
        lambda c: (c.choice.mode, c.choice.name),
        choosing(
            {
                CHAT: {"tool_choice": {"type": "function", "function": {"name": "read"}}},
                RESPONSES: {"tool_choice": {"type": "function", "name": "read"}},
                MESSAGES: {"tool_choice": {"type": "tool", "name": "read"}},
            }
        ),
    ),
    Feature(
        "one call at a time",
        lambda c: c.choice.parallel,
        choosing(
            {
                CHAT: {"parallel_tool_calls": False},
                RESPONSES: {"parallel_tool_calls": False},
                MESSAGES: {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
            }
        ),
    ),
    Feature(
        "custom tool with a grammar (apply_patch)",
        lambda c: [t.grammar for t in c.tools],
        tools(
            {
                CHAT: {"type": "custom", "custom": {"name": "apply_patch"}},
                RESPONSES: {
                    "type": "custom",
                    "name": "apply_patch",
                    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"},
                },
            }
        ),
    ),
    Feature(
        "tools in a namespace (as one name)",
        lambda c: len(c.tools),
        tools({RESPONSES: {"type": "namespace", "name": "mcp", "tools": [TOOL[RESPONSES]]}}),
    ),
    Feature(
        "search for tools on the client",
        lambda c: len(c.tools),
        tools({RESPONSES: {"type": "tool_search", "execution": "client", "parameters": SCHEMA}}),
    ),
    Feature(
        "web search of the provider",
        nothing,
        tools(
            {
                RESPONSES: {"type": "web_search"},
                MESSAGES: {"type": "web_search_20250305", "name": "web_search"},
            }
        ),
    ),
    Feature("images", media, _image(_SHOWN)),
    Feature("images by address", media, _image(_LINKED)),
    Feature("documents", media, _image(_DOCUMENT)),
    Feature("files that a provider keeps", nothing, _image(_KEPT)),
    Feature(
        "answer by a schema",
        lambda c: c.format and c.format.schema,
        {
            CHAT: {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "a", "schema": ANSWER},
                }
            },
            RESPONSES: {"text": {"format": {"type": "json_schema", "name": "a", "schema": ANSWER}}},
            MESSAGES: {"output_config": {"format": {"type": "json_schema", "schema": ANSWER}}},
        },
    ),
    Feature(
        "answer in any JSON",
        lambda c: c.format is not None,
        {
            CHAT: {"response_format": {"type": "json_object"}},
            RESPONSES: {"text": {"format": {"type": "json_object"}}},
        },
    ),
    Feature(
        "longest answer",
        lambda c: c.max_tokens,
        {CHAT: {"max_tokens": 99}, RESPONSES: {"max_output_tokens": 99}, MESSAGES: {}},
    ),
    Feature(
        "reasoning effort",
        lambda c: c.effort.level,
        {
            CHAT: {"reasoning_effort": "high"},
            RESPONSES: {"reasoning": {"effort": "high"}},
            MESSAGES: {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
        },
    ),
    Feature(
        "budget of thinking (as an effort)",
        lambda c: bool(c.effort.level or c.effort.budget),
        {MESSAGES: {"thinking": {"type": "enabled", "budget_tokens": 8000}, "max_tokens": 9000}},
    ),
    Feature("temperature", lambda c: c.temperature, every({"temperature": 0.5})),
    Feature("top_p", lambda c: c.top_p, every({"top_p": 0.5})),
    Feature("top_k", lambda c: c.top_k, {MESSAGES: {"top_k": 5}}),
    Feature(
        "stop sequences",
        lambda c: c.stop,
        {CHAT: {"stop": ["END"]}, MESSAGES: {"stop_sequences": ["END"]}},
    ),
    Feature("seed", lambda c: c.seed, {CHAT: {"seed": 7}}),
    Feature("penalties", lambda c: c.penalties, {CHAT: {"presence_penalty": 0.5}}),
    Feature(
        "verbosity",
        lambda c: c.verbosity,
        {CHAT: {"verbosity": "low"}, RESPONSES: {"text": {"verbosity": "low"}}},
    ),
    Feature(
        "cache marks (the others cache by themselves)",
        lambda c: [getattr(part, "cache", None) for part in parts(c)],
        {MESSAGES: {"messages": [user(_MARKED)]}},
    ),
    Feature(
        "whose cache it is",
        lambda c: c.cache_key,
        {
            CHAT: {"prompt_cache_key": "k"},
            RESPONSES: {"prompt_cache_key": "k"},
            MESSAGES: {"metadata": {"user_id": "k"}},
        },
    ),
    Feature(
        "whom it is for",
        lambda c: c.user,
        {CHAT: {"user": "u"}, RESPONSES: {"safety_identifier": "u"}},
    ),
    Feature(
        "signed reasoning of earlier turns",
        nothing,
        {
            RESPONSES: {
                "input": [
                    user("go"),
                    {"type": "reasoning", "summary": [], "encrypted_content": "c2ln"},
                    {"role": "assistant", "content": [{"type": "output_text", "text": "ok"}]},
                    user("on"),
                ]
            },
            MESSAGES: {
                "messages": [
                    user("go"),
                    {
                        "role": "assistant",
                        "content": [
                            {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
                            {"type": "text", "text": "ok"},
                        ],
                    },
                    user("on"),
                ]
            },
        },
    ),
    Feature("context_management", nothing, {MESSAGES: {"context_management": {"edits": [{}]}}}),
    Feature("previous_response_id", nothing, {RESPONSES: {"previous_response_id": "resp_1"}}),
    Feature("several answers (n)", nothing, {CHAT: {"n": 2}}),
    Feature("logprobs", nothing, {CHAT: {"logprobs": True}}),
    Feature("a setting nobody knows yet", nothing, every({"new_setting": 1})),
)
