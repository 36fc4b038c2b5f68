"""Sub-agents, plan mode, reviews, approvals and compaction of real clients play their own roles.

What is not here could not be provoked without a person at a terminal; see `README.md`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e import agents, drive
from e2e.stories import AUTO, CLIENTS, Story, perform, play, require

pytestmark = pytest.mark.e2e


def assert_subagent_is_apart(story: Story) -> None:
    """Check that the sub-agent was answered by `fast` and the main turns by `code`."""
    assert story.ran.code == 0, story.ran.stderr
    assert story.works().count("subagent") == 1
    assert story.models("subagent") == {"fast-model"}
    assert story.models("turn", "continuation") == {"code-model"}


def test_claude_code_subagent(tmp_path: Path) -> None:
    """A sub-agent of Claude Code shares its parent's session and still plays its own role."""
    require("claude-code")
    story = perform(
        tmp_path / "run",
        agents.claude_code_subagent,
        lambda place, url: drive.claude_code(
            place, url, AUTO, agents.TASK, "--dangerously-skip-permissions"
        ),
    )
    assert_subagent_is_apart(story)


def test_opencode_subagent(tmp_path: Path) -> None:
    """A sub-agent of opencode plays its own role."""
    require("opencode")
    story = perform(
        tmp_path / "run",
        agents.opencode_subagent,
        lambda place, url: drive.opencode(place, url, AUTO, agents.TASK),
    )
    assert_subagent_is_apart(story)


def test_codex_subagent(tmp_path: Path) -> None:
    """A sub-agent that Codex starts plays its own role."""
    require("codex")
    story = play(
        drive.prepare(CLIENTS, tmp_path / "run"),
        agents.codex_subagent,
        lambda place, url: drive.codex(place, url, AUTO, agents.TASK),
    )
    assert_subagent_is_apart(story)


def test_claude_code_plan_mode(tmp_path: Path) -> None:
    """What Claude Code asks in plan mode goes to the model that plays `plan`."""
    require("claude-code")
    story = perform(
        tmp_path / "run",
        agents.no_steps,
        lambda place, url: drive.claude_code(
            place, url, AUTO, agents.TASK, "--permission-mode", "plan"
        ),
    )
    assert story.works() == ["plan"]
    assert story.models("plan") == {"plan-model"}


def test_opencode_plan_agent(tmp_path: Path) -> None:
    """What opencode's plan agent asks goes to `plan`; the title of that session stays `fast`."""
    require("opencode")
    story = perform(
        tmp_path / "run",
        agents.no_steps,
        lambda place, url: drive.opencode(place, url, AUTO, agents.TASK, "--agent", "plan"),
    )
    assert sorted(story.works()) == ["plan", "title"]
    assert story.models("plan") == {"plan-model"}
    assert story.models("title") == {"fast-model"}


def test_codex_review(tmp_path: Path) -> None:
    """A review that Codex runs goes to the model that plays `review`."""
    require("codex")
    story = perform(
        tmp_path / "run",
        agents.no_steps,
        lambda place, url: drive.codex(place, url, AUTO, "review", "--commit", "HEAD"),
    )
    assert story.works() == ["review"]
    assert story.models("review") == {"review-model"}


def test_codex_approval(tmp_path: Path) -> None:
    """The check that Codex makes before it runs a command goes to the model that plays `fast`."""
    require("codex")
    story = perform(
        tmp_path / "run",
        agents.codex_escalation,
        lambda place, url: drive.codex_asking(place, url, AUTO, "--approve-for-me", agents.TASK),
    )
    assert story.works() == ["turn", "approval", "continuation"]
    assert story.models("approval") == {"fast-model"}
    assert story.file("ran.txt") == agents.RAN_BEFORE


def test_codex_compaction(tmp_path: Path) -> None:
    """When its context is full, Codex has it summed up by `fast` and works on with `code`."""
    require("codex")
    story = play(
        drive.prepare(CLIENTS, tmp_path / "run"),
        agents.codex_full_context,
        lambda place, url: drive.codex(
            place, url, AUTO, "-c", "model_auto_compact_token_limit=50000", agents.TASK
        ),
    )
    story.assert_task_done()
    assert story.works().count("compaction") == 1
    assert story.models("compaction") == {"fast-model"}
    assert story.models("turn", "continuation") == {"code-model"}


def test_vibe_approval(tmp_path: Path) -> None:
    """The check that Vibe makes before it runs a tool goes to the model that plays `fast`."""
    require("mistral-vibe")
    story = perform(
        tmp_path / "run",
        agents.vibe_steps,
        lambda place, url: drive.vibe(place, url, AUTO, agents.TASK, "--smart-approve"),
    )
    story.assert_task_done()
    assert story.works().count("approval") == 2
    assert story.models("approval") == {"fast-model"}
    assert story.models("turn", "continuation") == {"code-model"}
