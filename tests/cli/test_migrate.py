"""`rolecall migrate`: the edit is shown, the successor is asked, it is applied, and taken back."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.answers import say
from support.gateway import run_rolecall
from support.upstream import Upstream

STACK = """# my stack
[providers.openai]
base_url = "{base_url}"

[providers.xai]
base_url = "{base_url}"

[roles]
code = [
  "openai/gpt-5.2-codex",  # it was good
  "openai/gpt-5.6-sol",
]
fast = ["xai/grok-code-fast-1"]
plan = ["openai/gpt-6-astra"]

[models."xai/grok-code-fast-1"]
class = "fast"
"""
AFTER = """# my stack
[providers.openai]
base_url = "{base_url}"

[providers.xai]
base_url = "{base_url}"

[roles]
code = [
  "openai/gpt-5.6-sol",
]
fast = ["xai/grok-4.3"]
plan = ["openai/gpt-6-astra"]
"""
KEYS = {"OPENAI_API_KEY": "k", "XAI_API_KEY": "k"}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(say("yes")) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, upstream: Upstream) -> Path:
    (tmp_path / "rolecall.toml").write_text(STACK.format(base_url=upstream.base_url))
    return tmp_path


def migrate(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run_rolecall(home, "migrate", *options, env=KEYS)


def test_edit_is_shown_and_nothing_else_happens(home: Path, upstream: Upstream) -> None:
    """Without a yes nothing is sent and nothing is changed."""
    before = (home / "rolecall.toml").read_text()
    done = migrate(home)
    assert done.returncode == 0, done.stderr
    assert "gpt-5.2-codex on openai retired " in done.stdout
    assert "→ gpt-5.6-sol: input $1.75 → $4.00 (+129%)" in done.stdout
    assert '-fast = ["xai/grok-code-fast-1"]\n+fast = ["xai/grok-4.3"]' in done.stdout
    assert done.stdout.endswith("Nothing was changed; --yes applies it.\n")
    assert (home / "rolecall.toml").read_text() == before
    assert upstream.received == []


def test_applied_on_yes_and_taken_back(home: Path, upstream: Upstream) -> None:
    """Comments and order stay; the successors were asked; undo restores every byte."""
    before = (home / "rolecall.toml").read_text()
    done = migrate(home, "--yes")
    assert done.returncode == 0, done.stderr
    assert "xai/grok-4.3 answers" in done.stdout
    assert {one.json["model"] for one in upstream.received} == {"gpt-5.6-sol", "grok-4.3"}
    changed = (home / "rolecall.toml").read_text()
    assert changed.split() == AFTER.format(base_url=upstream.base_url).split()
    assert "Nothing in " in migrate(home).stdout
    assert migrate(home, "--undo").returncode == 0
    assert (home / "rolecall.toml").read_text() == before
    assert migrate(home, "--undo").returncode == 2


def test_successor_that_does_not_answer_stops_it(tmp_path: Path) -> None:
    """Unless one says to go on."""
    (tmp_path / "rolecall.toml").write_text(STACK.format(base_url="http://127.0.0.1:9/v1"))
    done = migrate(tmp_path, "--yes")
    assert done.returncode == 1
    assert "xai/grok-4.3 does not answer: " in done.stdout
    assert "grok-code-fast-1" in (tmp_path / "rolecall.toml").read_text()
    assert migrate(tmp_path, "--yes", "--unchecked").returncode == 0
    assert "grok-code-fast-1" not in (tmp_path / "rolecall.toml").read_text()


def test_file_that_was_changed_since_is_not_taken_back(home: Path) -> None:
    """What somebody wrote afterwards is theirs."""
    migrate(home, "--yes", "--unchecked")
    path = home / "rolecall.toml"
    path.write_text(path.read_text() + "# mine\n")
    done = migrate(home, "--undo")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "was changed since" in done.stderr
    assert path.read_text().endswith("# mine\n")


def test_files_of_clients_are_edited_too(home: Path) -> None:
    """Whole names only; a longer name that begins alike is another model."""
    codex = home / ".codex/config.toml"
    codex.parent.mkdir()
    codex.write_text('model = "gpt-5.2-codex"\nother = "gpt-5.2-codex-mini"\n# gpt-5.2-codex\n')
    codex.chmod(0o600)
    aider = home / ".aider.conf.yml"
    aider.write_text("model: openai/gpt-5.2-codex\nweak-model: gpt-5.2-codex\n")
    done = migrate(home, "--yes", "--unchecked")
    assert str(codex) in done.stdout
    assert codex.read_text() == (
        'model = "gpt-5.6-sol"\nother = "gpt-5.2-codex-mini"\n# gpt-5.2-codex\n'
    )
    assert "weak-model: gpt-5.6-sol" in aider.read_text()
    assert codex.stat().st_mode & 0o777 == 0o600
    (kept,) = (home / "data/rolecall/edits").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o700
    migrate(home, "--undo")
    assert 'model = "gpt-5.2-codex"' in codex.read_text()


def test_nothing_to_migrate_without_a_file(tmp_path: Path) -> None:
    """A proposed stack follows the catalogue by itself."""
    done = migrate(tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "`rolecall init` writes one" in done.stderr
