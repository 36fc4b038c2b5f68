"""The five coding clients do a real task through rolecall, and each request plays its role."""

from __future__ import annotations

import subprocess

import pytest

from e2e import agents, drive
from e2e.stories import AUTO, CLIENTS, Story, perform, play, require

pytestmark = pytest.mark.e2e

Folders = pytest.TempPathFactory


@pytest.fixture(scope="module")
def codex(tmp_path_factory: Folders) -> Story:
    require("codex")
    return perform(
        tmp_path_factory.mktemp("codex") / "run",
        agents.codex_steps,
        lambda place, url: drive.codex(place, url, AUTO, agents.TASK),
    )


@pytest.fixture(scope="module")
def claude_code(tmp_path_factory: Folders) -> Story:
    require("claude-code")
    return perform(
        tmp_path_factory.mktemp("claude") / "run",
        agents.claude_code_steps,
        lambda place, url: drive.claude_code(
            place, url, AUTO, agents.TASK, "--dangerously-skip-permissions"
        ),
    )


@pytest.fixture(scope="module")
def opencode(tmp_path_factory: Folders) -> Story:
    require("opencode")
    return perform(
        tmp_path_factory.mktemp("opencode") / "run",
        agents.opencode_steps,
        lambda place, url: drive.opencode(place, url, AUTO, agents.TASK),
    )


@pytest.fixture(scope="module")
def vibe(tmp_path_factory: Folders) -> Story:
    require("mistral-vibe")
    return perform(
        tmp_path_factory.mktemp("vibe") / "run",
        agents.vibe_steps,
        lambda place, url: drive.vibe(place, url, AUTO, agents.TASK, "--auto-approve"),
    )


@pytest.fixture(scope="module")
def aider(tmp_path_factory: Folders) -> Story:
    require("aider")
    return play(
        drive.prepare(CLIENTS, tmp_path_factory.mktemp("aider") / "run"),
        agents.editing,
        lambda place, url: drive.aider(place, url, AUTO, "--message", agents.TASK, "greeting.py"),
    )


def assert_main_turns(story: Story, client: str) -> None:
    """Check that one session had a turn and three continuations of it, all in the role `code`."""
    main = [one for one in story.decisions if one["work"] in {"turn", "continuation"}]
    assert [one["work"] for one in main] == ["turn", *["continuation"] * 3]
    assert {one["role"] for one in main} == {"code"}
    assert {one["client"] for one in main} == {client}
    assert len({one["session"] for one in main}) == 1
    assert story.models("turn", "continuation") == {"code-model"}


def test_codex_does_its_task(codex: Story) -> None:
    """Codex reads a file, patches it and runs a command, through rolecall."""
    codex.assert_task_done()


def test_codex_turns_are_code(codex: Story) -> None:
    """Each request of Codex's tool loop goes to the model that plays `code`."""
    assert_main_turns(codex, "codex")


def test_claude_code_does_its_task(claude_code: Story) -> None:
    """Claude Code reads a file, edits it and runs a command, through rolecall."""
    claude_code.assert_task_done()


def test_claude_code_turns_are_code(claude_code: Story) -> None:
    """Each request of Claude Code's tool loop goes to the model that plays `code`."""
    assert_main_turns(claude_code, "claude-code")


def test_opencode_does_its_task(opencode: Story) -> None:
    """Opencode reads a file, edits it and runs a command, through rolecall."""
    opencode.assert_task_done()


def test_opencode_turns_are_code(opencode: Story) -> None:
    """Each request of opencode's tool loop goes to the model that plays `code`."""
    assert_main_turns(opencode, "opencode")


def test_opencode_title_is_fast(opencode: Story) -> None:
    """The title that opencode asks for goes to the model that plays `fast`."""
    assert opencode.works().count("title") == 1
    assert opencode.models("title") == {"fast-model"}


def test_vibe_does_its_task(vibe: Story) -> None:
    """Mistral Vibe reads a file, edits it and runs a command, through rolecall."""
    vibe.assert_task_done()


def test_vibe_turns_are_code(vibe: Story) -> None:
    """Each request of Vibe's tool loop goes to the model that plays `code`."""
    assert_main_turns(vibe, "mistral-vibe")


def test_aider_does_its_task(aider: Story) -> None:
    """Aider edits the file and commits it with the message it was given, through rolecall."""
    assert aider.ran.code == 0, aider.ran.stderr
    assert aider.file("greeting.py") == f"GREETING = {agents.AFTER}\n"
    log = subprocess.run(
        ["git", "log", "-1", "--format=%s"],
        cwd=aider.repository,
        capture_output=True,
        text=True,
        check=True,
    )
    assert log.stdout.strip() == agents.COMMIT


def test_aider_edits_are_code_and_commit_messages_fast(aider: Story) -> None:
    """Aider names no session and offers no tools; its edit plays `code` and its commit `fast`."""
    assert aider.works() == ["turn", "commit"]
    assert aider.models("turn") == {"code-model"}
    assert aider.models("commit") == {"fast-model"}
