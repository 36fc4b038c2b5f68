"""Writes the logs of clients that are not driven end to end, each in its own form.

A writer takes a home and answers by session, and gives back nothing: what it wrote is to be read
again. The forms were seen in logs of the real clients; the words are ours.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rolecall.audit.history import Counts

START = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
Sessions = Mapping[str, Sequence[Counts]]
Writer = Callable[[Path, Sessions], None]


def at(number: int) -> datetime:
    return START + timedelta(minutes=number)


def gemini_cli(home: Path, sessions: Sessions) -> None:
    """Each answer stands twice: once alone, and again with the results of its tools."""
    for name, answers in sessions.items():
        path = home / f".gemini/tmp/shop/chats/session-{name}.jsonl"
        lines: list[object] = [{"sessionId": name, "kind": "main"}]
        for number, one in enumerate(answers):
            stamp = at(number).isoformat()
            lines.append(
                {"id": f"u{name}{number}", "timestamp": stamp, "type": "user", "content": "Go on."}
            )
            tokens = {
                "input": one.input,
                "output": one.output - one.reasoning,
                "cached": one.read,
                "thoughts": one.reasoning,
                "tool": 0,
            }
            answer: dict[str, object] = {
                "id": f"a{name}{number}",
                "timestamp": stamp,
                "type": "gemini",
            }
            answer |= {"content": "ok", "model": "gemini-3-pro", "tokens": tokens}
            lines += [answer, {"$set": {"lastUpdated": stamp}}, answer | {"toolCalls": []}]
        _lines(path, lines)


def pi(home: Path, sessions: Sessions) -> None:
    """Cached tokens stand beside the input."""
    for name, answers in sessions.items():
        path = home / f".pi/agent/sessions/shop/{name}.jsonl"
        lines: list[object] = [{"type": "session", "id": name, "cwd": "/home/ada/shop"}]
        for number, one in enumerate(answers):
            used = {
                "input": one.input - one.read - one.write,
                "output": one.output,
                "cacheRead": one.read,
                "cacheWrite": one.write,
            }
            message = {"role": "assistant", "content": [], "model": "m", "provider": "p"}
            lines.append(
                {
                    "type": "message",
                    "id": f"{name}{number}",
                    "timestamp": at(number).isoformat(),
                    "message": message | {"usage": used},
                }
            )
        _lines(path, lines)


def continue_dev(home: Path, sessions: Sessions) -> None:
    """A session is one document; the day it began stands in the list beside it."""
    folder = home / ".continue/sessions"
    folder.mkdir(parents=True)
    for name, answers in sessions.items():
        history = [
            {
                "message": {
                    "role": "assistant",
                    "content": "ok",
                    "usage": {
                        "prompt_tokens": one.input,
                        "completion_tokens": one.output,
                        "prompt_tokens_details": {
                            "cached_tokens": one.read,
                            "cache_write_tokens": one.write,
                        },
                        "model": "m",
                    },
                }
            }
            for one in answers
        ]
        told = {"sessionId": name, "workspaceDirectory": "/home/ada/shop", "history": history}
        (folder / f"{name}.json").write_text(json.dumps(told))
    began = str(int(START.timestamp() * 1000))
    listed = [{"sessionId": name, "dateCreated": began} for name in sessions]
    (folder / "sessions.json").write_text(json.dumps(listed))


def mini_swe_agent(home: Path, sessions: Sessions) -> None:
    """A trajectory for each session, with the provider's documents."""
    folder = home / ".config/mini-swe-agent"
    folder.mkdir(parents=True)
    for name, answers in sessions.items():
        messages: list[object] = [{"role": "system", "content": "You help."}]
        for number, one in enumerate(answers):
            usage = {
                "prompt_tokens": one.input,
                "completion_tokens": one.output,
                "prompt_tokens_details": {
                    "cached_tokens": one.read,
                    "cache_write_tokens": one.write,
                },
                "completion_tokens_details": {"reasoning_tokens": one.reasoning},
            }
            response = {"id": f"chatcmpl-{name}{number}", "model": "m", "usage": usage}
            extra = {"response": response, "timestamp": at(number).timestamp()}
            messages.append({"role": "assistant", "content": "ok", "extra": extra})
        (folder / f"{name}.traj.json").write_text(json.dumps({"messages": messages}))


def llm(home: Path, sessions: Sessions) -> None:
    """A database with a row for each answer."""
    folder = home / ".config/io.datasette.llm"
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "logs.db")) as connection, connection:
        connection.execute(
            "CREATE TABLE turns (id TEXT, thread_id TEXT, model TEXT, resolved_model TEXT, "
            "input_tokens INTEGER, output_tokens INTEGER, token_details TEXT, datetime_utc TEXT, "
            "response_json TEXT)"
        )
        for name, answers in sessions.items():
            for number, one in enumerate(answers):
                details = {
                    "prompt_tokens_details": {"cached_tokens": one.read},
                    "completion_tokens_details": {"reasoning_tokens": one.reasoning},
                }
                row = (
                    f"{name}{number}",
                    name,
                    "m",
                    None,
                    one.input,
                    one.output,
                    json.dumps(details),
                    at(number).isoformat(),
                    None,
                )
                connection.execute("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def codex(home: Path, sessions: Sessions) -> None:
    """A rollout for each session, in the form that names its answers."""
    for name, answers in sessions.items():
        lines: list[object] = [
            _event("session_meta", {"id": name, "cwd": "/home/ada/shop", "model_provider": "p"}),
            _event("turn_context", {"model": "m"}),
        ]
        for number, one in enumerate(answers):
            usage = _codex_tokens(one)
            told = {"response_id": f"resp_{name}{number}", "usage": usage}
            counted = {"last_token_usage": usage, "total_token_usage": {"total_tokens": number + 1}}
            lines += [
                _event("token_usage_record", told, number),
                _event("event_msg", {"type": "token_count", "info": counted}, number),
            ]
        _lines(home / f".codex/sessions/2026/11/10/rollout-{name}.jsonl", lines)


def older_codex(home: Path, sessions: Sessions) -> None:
    """The form without names: counts are repeated where nothing new was answered."""
    for name, answers in sessions.items():
        lines: list[object] = [_event("session_meta", {"id": name})]
        lines.append(_event("turn_context", {"model": "m"}))
        total = 0
        for number, one in enumerate(answers):
            total += one.input + one.output + 1
            counted = {
                "last_token_usage": _codex_tokens(one),
                "total_token_usage": {"total_tokens": total},
            }
            event = _event("event_msg", {"type": "token_count", "info": counted}, number)
            lines += [event, event]
        _lines(home / f".codex/sessions/2026/11/10/rollout-{name}.jsonl", lines)


def _codex_tokens(one: Counts) -> dict[str, int]:
    return {
        "input_tokens": one.input,
        "cached_input_tokens": one.read,
        "cache_write_input_tokens": one.write,
        "output_tokens": one.output,
        "reasoning_output_tokens": one.reasoning,
    }


def _event(sort: str, payload: object, number: int = 0) -> dict[str, object]:
    return {"timestamp": at(number).isoformat(), "type": sort, "payload": payload}


def aider(home: Path, sessions: Sessions) -> None:
    """A history in the repository; what was written to the cache is part of what was sent twice."""
    lines: list[str] = []
    for number in range(len(sessions)):
        answers = list(sessions.values())[number]
        lines.append(f"\n# aider chat started at 2026-11-10 09:{number:02}:00\n\n")
        lines.append("> Model: openai/m with diff edit format  \n")
        for one in answers:
            write = f", {_aider(one.write)} cache write" if one.write else ""
            read = f", {_aider(one.read)} cache hit" if one.read else ""
            sent = _aider(one.input + one.write)
            lines.append("\n#### Go on.  \n\nDone.\n\n")
            lines.append(f"> Tokens: {sent} sent{write}{read}, {_aider(one.output)} received.  \n")
    path = home / "shop/.aider.chat.history.md"
    path.parent.mkdir(parents=True)
    path.write_text("".join(lines))


def _aider(tokens: int) -> str:
    if tokens < 1000:
        return str(tokens)
    return f"{tokens / 1000:.1f}k" if tokens < 10_000 else f"{round(tokens / 1000)}k"


def _lines(path: Path, lines: Sequence[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
