"""Text to go on with: `openai.completions` and `mistral.fim`, read and written.

Sources: PyPI openai 3.54.0, types/completion_create_params.py; PyPI
mistralai 3.7.0, models/fimcompletionrequest.py; both read 2026-11-24.
"""

from __future__ import annotations

from typing import Any

from rolecall.types import Dialect
from rolecall.wire.translate.conversation import Conversation, Fill, Goal
from rolecall.wire.translate.losses import Losses, Refused
from rolecall.wire.translate.shapes import (
    Json,
    a_text,
    named,
    number,
    penalties_of,
    said,
    texts,
    whole,
    within,
)

_READ = named(
    "model prompt suffix max_tokens temperature top_p stop seed random_seed stream stream_options "
    "presence_penalty frequency_penalty user n best_of echo logprobs"
)


def read(body: Json, losses: Losses) -> Conversation:
    """Raises `Refused` where it cannot be said in the other dialect."""
    losses.unknown("", body, _READ)
    for key in ("echo", "logprobs"):
        if body.get(key):
            raise Refused(f"{key} cannot be asked of another dialect")
    if max(whole(body, "n") or 1, whole(body, "best_of") or 1) > 1:
        raise Refused("n or best_of asks for several answers; another dialect gives one")
    seed = whole(body, "seed")
    return Conversation(
        messages=(),
        fill=Fill(prompt=_prompt(body.get("prompt")), suffix=said(body, "suffix") or None),
        max_tokens=whole(body, "max_tokens"),
        temperature=number(body, "temperature"),
        top_p=number(body, "top_p"),
        stop=texts(body.get("stop"), "stop"),
        seed=whole(body, "random_seed") if seed is None else seed,
        penalties=penalties_of(body),
        counted=bool(within(body, "stream_options").get("include_usage")),
        user=said(body, "user"),
    )


def _prompt(found: Any) -> str:
    match found:
        case [str(only)]:
            return only
        case [_, *_]:
            raise Refused("prompt is a list of prompts or tokens; give one text")
        case _:
            return a_text(found, "prompt")


def write(found: Conversation, goal: Goal, losses: Losses) -> Json:
    """The body for a provider of `openai.completions`."""
    losses.unsaid("openai.completions", top_k=found.top_k)
    body = _common(found, goal, losses, "openai.completions")
    if found.seed is not None:
        body["seed"] = found.seed
    if found.stream:
        body["stream_options"] = {"include_usage": True}
    if found.user is not None:
        body["user"] = found.user
    return {**body, **found.penalties}


def write_fim(found: Conversation, goal: Goal, losses: Losses) -> Json:
    """The body for a provider of `mistral.fim`."""
    losses.unsaid("mistral.fim", top_k=found.top_k, user=found.user, **found.penalties)
    body = _common(found, goal, losses, "mistral.fim")
    if found.seed is not None:
        body["random_seed"] = found.seed
    return body


def _common(found: Conversation, goal: Goal, losses: Losses, dialect: Dialect) -> Json:
    if found.fill is None:
        raise Refused("it completes texts, and this is a conversation")
    losses.unsaid(dialect, format=found.format, effort=found.effort.level)
    said = {
        "suffix": found.fill.suffix,
        "max_tokens": found.max_tokens,
        "temperature": found.temperature,
        "top_p": found.top_p,
        "stop": list(found.stop) or None,
    }
    told = {key: value for key, value in said.items() if value is not None}
    return {"model": goal.model, "prompt": found.fill.prompt, "stream": found.stream, **told}
