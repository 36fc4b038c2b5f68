"""The clients that can be connected, in the order in which they are listed."""

from __future__ import annotations

from rolecall.connect.client import Client
from rolecall.connect.clients.aider import AIDER
from rolecall.connect.clients.claude_code import CLAUDE_CODE
from rolecall.connect.clients.codex import CODEX
from rolecall.connect.clients.opencode import OPENCODE
from rolecall.connect.clients.vibe import VIBE

CLIENTS: dict[str, Client] = {one.name: one for one in (CLAUDE_CODE, CODEX, OPENCODE, VIBE, AIDER)}
