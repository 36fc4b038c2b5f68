"""How each dialect frames an event of a stream."""

from __future__ import annotations

import json
from typing import Any


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def unnamed(data: Any) -> bytes:
    """An event of chat completions: data alone."""
    return f"data: {compact(data)}\n\n".encode()


def named(data: dict[str, Any]) -> bytes:
    """An event of Responses and Messages: its `type` is the event's name too."""
    return f"event: {data['type']}\ndata: {compact(data)}\n\n".encode()


def cut(text: str, pieces: int) -> list[str]:
    """A text in so many pieces, or fewer where it is shorter than that."""
    if not text:
        return []
    size = -(-len(text) // max(1, pieces))
    return [text[start : start + size] for start in range(0, len(text), size)]
