"""The words that the nouns are made of: roles, dialects, kinds of work, grounds."""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal["plan", "review", "code", "fast", "local"]
Dialect = Literal[
    "openai.chat",
    "openai.responses",
    "anthropic.messages",
    "google.gemini",
    "ollama.chat",
    "ollama.generate",
    "openai.completions",
    "mistral.fim",
]
ModelClass = Literal["frontier", "coding", "fast", "open-weight"]
Auth = Literal["key", "client", "none"]
KeyHeader = Literal["authorization", "x-api-key", "x-goog-api-key"]
Ending = Literal["answered", "refused", "timeout", "broken", "error-status", "client-left"]
"""How an upstream call ended."""
Work = Literal[
    "turn",
    "continuation",
    "subagent",
    "title",
    "summary",
    "compaction",
    "approval",
    "memory",
    "commit",
    "completion",
    "chore",
    "count",
    "plan",
    "review",
]
"""What the structure of a request says that it is; `chore` is a one-off job of another sort."""
Kind = Literal[
    "architecture",
    "debugging",
    "refactor",
    "review",
    "implement",
    "fix",
    "tests",
    "docs",
    "transform",
    "question",
    "completion",
    "chore",
    "followup",
]
"""What the work is about; a `followup` has no kind of its own."""
KINDS: tuple[Kind, ...] = get_args(Kind)
Ground = Literal["privacy", "budget", "evidence", "ask", "rule", "phase", "hint", "text", "default"]
"""What decided a role, strongest first: privacy leaves no other; a budget is spent; outcomes refute
the cheaper role; the caller asked; a rule of
`signals.toml` matched (a client's own before the phase, a generic one after it); the phase of the
conversation (a tool loop keeps its role); the model's name; the words of the turn; the configured
default."""
Afterwards = Literal["gone", "substituted", "billed-as-successor"]
"""What a name does from the day of its retirement on: it fails; another model answers under it;
another model answers, at that one's price, as announced."""
Thinking = Literal["adaptive", "budget"]
"""A model decides itself how long to think, or takes a number of tokens."""
OnRetired = Literal["refuse", "successor"]
ROLES: tuple[Role, ...] = ("plan", "review", "code", "fast", "local")
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
MAIN_DIALECTS: tuple[Dialect, ...] = ("openai.chat", "openai.responses", "anthropic.messages")
"""What nearly every provider speaks one of, and any conversation can be translated into."""
Otherwise = Literal["refuse", "redact"]
"""Where nobody who is allowed can play: say so, or put placeholders for secrets and let it go."""
