"""Conversations and answers that are the same in every run: what the oracles are asked about."""

from __future__ import annotations

import json
import random

from rolecall.wire.translate.conversation import (
    Choice,
    Conversation,
    Media,
    Message,
    Part,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from support import answers

WORDS = ("Grüße", "世界 🙂", "a\nb", "x", "  indented", 'say "hi"', "end.")
TOOLS = (
    Tool(
        name="read",
        description="Reads a file.",
        schema={
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
        },
    ),
    Tool(name="run", description="Runs.", schema={"type": "object", "properties": {"cmd": {}}}),
)
_IMAGE = Media(kind="image", media_type="image/png", data="aGVsbG8=")
_NAMED = Choice(mode="named", name="run")
_CHOICES = (Choice(), Choice(mode="required"), Choice(mode="none"), _NAMED)


def conversation(seed: int) -> Conversation:
    """A system prompt, and turns with tools, images and parallel calls."""
    dice = random.Random(seed)
    messages = [Message(author="system", parts=(Text(text=dice.choice(WORDS)),))]
    for turn in range(dice.randint(1, 3)):
        messages += _turn(dice, f"{seed}_{turn}")
    messages.append(Message(author="user", parts=(Text(text=dice.choice(WORDS)),)))
    return Conversation(
        messages=tuple(messages),
        tools=TOOLS,
        choice=dice.choice(_CHOICES),
        max_tokens=dice.choice((256, 4096)),
    )


def _turn(dice: random.Random, name: str) -> list[Message]:
    images: list[Part] = [_IMAGE] if dice.random() < 0.3 else []
    found = [Message(author="user", parts=(Text(text=dice.choice(WORDS)), *images))]
    for step in range(dice.randint(0, 2)):
        calls = [
            ToolCall(
                id=f"call_{name}_{step}_{number}",
                name=dice.choice(TOOLS).name,
                arguments=json.dumps({"path": dice.choice(WORDS)}),
            )
            for number in range(dice.randint(1, 3))
        ]
        results = tuple(
            ToolResult(call_id=one.id, parts=(Text(text=dice.choice(WORDS)),)) for one in calls
        )
        words = (Text(text=dice.choice(WORDS)),) if dice.random() < 0.5 else ()
        found.append(Message(author="assistant", parts=(*words, *calls)))
        found.append(Message(author="user", parts=results))
    found.append(Message(author="assistant", parts=(Text(text=dice.choice(WORDS)),)))
    return found


def answer(seed: int) -> answers.Answer:
    """A text, calls or both, in so many pieces, with all counts."""
    dice = random.Random(seed)
    calls = tuple(
        answers.ToolCall(name=dice.choice(TOOLS).name, arguments={"path": dice.choice(WORDS)})
        for _ in range(dice.randint(0, 3))
    )
    read = dice.randint(0, 60)
    return answers.Answer(
        text=dice.choice(WORDS) if not calls or dice.random() < 0.6 else "",
        tool_calls=calls,
        tokens=answers.Tokens(input=100 + read, output=20, cache_read=read),
        pieces=dice.randint(1, 5),
    )
