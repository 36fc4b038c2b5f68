"""One small, invented request for each rule of `signals.toml`: the marker, and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from rolecall.gateway.intake import Taken, understand
from rolecall.gateway.paths import Target
from rolecall.routing.rules import load_rules
from rolecall.routing.signals import Recogniser, recogniser
from rolecall.types import Dialect

READER = recogniser(load_rules())
"""One for all examples; what it remembers of them are counts and chances."""
TOOLS = [{"name": "Read"}, {"name": "Edit"}]
TITLE = {"format": {"schema": {"properties": {"title": {"type": "string"}}}}}
CLAUDE = {"user-agent": "claude-cli/2.1.197 (external, cli)", "x-claude-code-session-id": "s1"}
CODEX = {"user-agent": "codex_exec/0.169.0 (Linux)", "originator": "codex_exec", "thread-id": "t1"}
OPENCODE = {"user-agent": "opencode/1.18.33 ai-sdk/x", "x-session-id": "s2"}
VIBE = {"x-affinity": "s3"}


GEMINI = {"user-agent": "GeminiCLI/0.61.0"}
COMPLEXITY = {"properties": {"complexity_score": {"type": "integer"}}}
GIST = "You have one job: "


class Example(Struct, frozen=True, kw_only=True):
    """What a client would send. `system` and `late` are system messages around the human one."""

    headers: dict[str, str] = {}
    human: str = "Fix it."
    system: str = ""
    late: str = ""
    tools: list[dict[str, Any]] = []
    more: dict[str, Any] = {}
    called: str = ""
    dialect: Dialect = "anthropic.messages"

    def taken(self, by: Recogniser | None = None, /, **headers: str) -> Taken:
        """As the gateway reads it; `by` is one with other rules than the built-in ones."""
        given = {**self.headers, **headers}
        return understand(Target(self.dialect), None, given, self.body(), by or READER)

    def body(self) -> bytes:
        said: list[dict[str, Any]] = [{"role": "user", "content": self.human}]
        if self.system:
            said.insert(0, {"role": "system", "content": self.system})
        if self.late:
            said.append({"role": "system", "content": self.late})
        if self.called:
            said.append(
                {"role": "assistant", "content": [{"type": "tool_use", "name": self.called}]}
            )
            said.append({"role": "user", "content": [{"type": "tool_result", "content": "ok"}]})
        key = "input" if self.dialect == "openai.responses" else "messages"
        model = {"model": "rolecall/auto"}
        return msgspec.json.encode({**model, key: said, "tools": self.tools, **self.more})


def codex(**metadata: str) -> dict[str, str]:
    return {**CODEX, "x-codex-turn-metadata": msgspec.json.encode(metadata).decode()}


EXAMPLES: dict[str, Example] = {
    "claude-code.title": Example(headers=CLAUDE, more={"output_config": TITLE}),
    "claude-code.compaction": Example(
        headers=CLAUDE, tools=TOOLS, human="CRITICAL: Respond with TEXT ONLY."
    ),
    "claude-code.subagent": Example(headers={**CLAUDE, "x-claude-code-agent-id": "a"}, tools=TOOLS),
    "claude-code.subagent-billing": Example(
        headers=CLAUDE, tools=TOOLS, system="x-anthropic-billing-header: cc_is_subagent=true"
    ),
    "claude-code.plan-approved": Example(headers=CLAUDE, tools=TOOLS, called="ExitPlanMode"),
    "claude-code.plan": Example(headers=CLAUDE, tools=TOOLS, late="Plan mode is active."),
    "codex.title": Example(headers=codex(thread_source="thread_title")),
    "codex.approval": Example(headers={**CODEX, "x-openai-subagent": "guardian"}, tools=TOOLS),
    "codex.compaction": Example(headers=codex(request_kind="compaction")),
    "codex.review": Example(headers={**CODEX, "x-openai-subagent": "review"}, tools=TOOLS),
    "codex.subagent": Example(headers=codex(thread_source="subagent"), tools=TOOLS),
    "codex.subagent-parent": Example(headers={**CODEX, "x-codex-parent-thread-id": "p"}),
    "codex.plan": Example(
        headers=CODEX,
        dialect="openai.responses",
        system="<collaboration_mode># Default",
        late="<collaboration_mode># Plan Mode",
    ),
    "opencode.title": Example(headers=OPENCODE, system="You are a title generator."),
    "opencode.compaction": Example(
        headers=OPENCODE, system="You are a context summarization agent."
    ),
    "opencode.subagent": Example(headers={**OPENCODE, "x-parent-session-id": "p"}, tools=TOOLS),
    "opencode.plan": Example(headers=OPENCODE, tools=TOOLS, late="# Plan Mode - System Reminder"),
    "mistral-vibe.title": Example(headers=VIBE, system="You name coding-agent sessions."),
    "mistral-vibe.title-metadata": Example(
        headers=VIBE, more={"metadata": {"call_type": "title_generation"}}
    ),
    "mistral-vibe.approval": Example(
        headers=VIBE, system="You are a security classifier for an AI coding assistant."
    ),
    "mistral-vibe.approval-metadata": Example(
        headers=VIBE, more={"metadata": {"call_type": "smart_approve"}}
    ),
    "mistral-vibe.compaction": Example(
        headers=VIBE, tools=TOOLS, human="Now: CONTEXT CHECKPOINT COMPACTION."
    ),
    "mistral-vibe.summary": Example(
        headers=VIBE, system="You are a dedicated conversation summarizer."
    ),
    "gemini-cli.classifier": Example(
        headers=GEMINI,
        dialect="google.gemini",
        more={"contents": [], "generationConfig": {"responseJsonSchema": COMPLEXITY}},
    ),
    "gemini-cli.plan": Example(
        headers={"user-agent": "GeminiCLI/0.61"},
        tools=[{"name": "exit_plan_mode"}],
        system="You are in **Plan** mode.",
    ),
    "gemini-cli.subagent": Example(
        headers={"user-agent": "GeminiCLI/0.61"}, tools=[{"name": "complete_task"}]
    ),
    "aider.commit": Example(system="One that generates concise, one-line Git commit messages."),
    "aider.editor": Example(
        system="Act as an expert software developer and make changes to source code."
    ),
    "mistral-vibe.notification": Example(headers=VIBE, human="Runtime notification: done."),
    "aider.architect": Example(system="Act as an expert architect engineer and say what to do."),
    "continue.plan": Example(
        system='You are an agent in the Continue CLI. <context name="planMode">'
    ),
    "generic.completes": Example(dialect="mistral.fim", more={"prompt": "def f("}),
    "generic.fill-in-the-middle": Example(dialect="openai.chat", more={"suffix": "return x"}),
    "generic.fill-in-the-middle-marker": Example(human="<|fim_prefix|>a<|fim_suffix|>b"),
    "generic.fill-in-the-middle-marker-pre": Example(human="<PRE> a <SUF> b <MID>"),
    "generic.title": Example(
        dialect="openai.chat",
        more={"response_format": {"json_schema": TITLE["format"]}},
    ),
    "generic.title-responses": Example(dialect="openai.responses", more={"text": TITLE}),
    "generic.title-messages": Example(more={"output_config": TITLE}),
    "generic.title-prompt": Example(system=GIST + "Generate a title for what is said."),
    "generic.title-asked": Example(human="Write a title for this conversation: fix the parser"),
    "generic.commit-prompt": Example(system=GIST + "a git commit message for the diff."),
    "generic.approval-prompt": Example(system=GIST + "say whether a command is safe to run."),
    "generic.approval-role": Example(
        system=GIST + "Judge the risk of a planned action.",
        human="Planned action: rm x",
        tools=TOOLS,
    ),
    "generic.memory-prompt": Example(system=GIST + "memory extraction from a transcript."),
    "generic.summary-prompt": Example(system=GIST + "Summarize the conversation."),
    "generic.summary-asked": Example(
        human="Create a detailed summary of the conversation so far.", tools=TOOLS
    ),
    "generic.tiny": Example(more={"max_tokens": 1}),
    "generic.parent": Example(headers={"x-acme-parent-run-id": "p"}, tools=TOOLS),
    "generic.plan-marker": Example(late="Plan mode is active.", tools=TOOLS),
    "generic.plan-prompt": Example(
        system="An agent with a plan mode.", tools=[{"name": "Read"}, {"name": "Grep"}]
    ),
    "generic.architect": Example(system="You are a software architect."),
    "generic.reviewer": Example(system="You are a code reviewer.", tools=TOOLS),
    "generic.reads-only": Example(
        system="You are a sub-agent that looks things up.", tools=[{"name": "Glob"}]
    ),
}
