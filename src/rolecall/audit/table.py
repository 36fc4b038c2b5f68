"""All sources, in the order in which they are asked whether a file is theirs."""

from __future__ import annotations

from rolecall.audit.source import Source
from rolecall.audit.sources.aider import AIDER
from rolecall.audit.sources.claude_code import CLAUDE_CODE
from rolecall.audit.sources.codex import CODEX
from rolecall.audit.sources.continue_dev import CONTINUE
from rolecall.audit.sources.gemini_cli import GEMINI_CLI
from rolecall.audit.sources.ledger import LEDGER
from rolecall.audit.sources.llm import LLM
from rolecall.audit.sources.mini_swe_agent import MINI_SWE_AGENT
from rolecall.audit.sources.opencode import OPENCODE
from rolecall.audit.sources.pi import PI
from rolecall.audit.sources.vibe import VIBE

SOURCES: dict[str, Source] = {
    one.name: one
    for one in (
        CODEX,
        CLAUDE_CODE,
        OPENCODE,
        VIBE,
        AIDER,
        GEMINI_CLI,
        PI,
        CONTINUE,
        MINI_SWE_AGENT,
        LLM,
        LEDGER,
    )
}
