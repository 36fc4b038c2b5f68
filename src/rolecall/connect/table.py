"""The clients that can be connected, in the order in which they are listed."""

from __future__ import annotations

from rolecall.connect.client import Client
from rolecall.connect.clients.aider import AIDER
from rolecall.connect.clients.claude_code import CLAUDE_CODE
from rolecall.connect.clients.codex import CODEX
from rolecall.connect.clients.continue_dev import CONTINUE
from rolecall.connect.clients.cursor import CURSOR
from rolecall.connect.clients.gemini_cli import GEMINI_CLI
from rolecall.connect.clients.llm import LLM
from rolecall.connect.clients.mini_swe_agent import MINI_SWE_AGENT
from rolecall.connect.clients.opencode import OPENCODE
from rolecall.connect.clients.pi import PI
from rolecall.connect.clients.roo import ROO
from rolecall.connect.clients.vibe import VIBE
from rolecall.connect.clients.zed import ZED

CLIENTS: dict[str, Client] = {
    one.name: one
    for one in (
        CLAUDE_CODE,
        CODEX,
        OPENCODE,
        VIBE,
        AIDER,
        GEMINI_CLI,
        CONTINUE,
        PI,
        MINI_SWE_AGENT,
        LLM,
        ZED,
        ROO,
        CURSOR,
    )
}
