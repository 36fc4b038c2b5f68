"""The stack: as the file says, or as what is found proposes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from rolecall.config.build import build, keys
from rolecall.config.load import config_file, load
from rolecall.config.propose import Engine, hosted, propose, uses_embedded
from rolecall.config.settings import Settings
from rolecall.types import Snapshot
from routing.worlds import AT, KNOWN

ROOT = Path(__file__).resolve().parents[2]


def world(settings: Settings, at: datetime = AT) -> Snapshot:
    return build(settings, KNOWN, rules="r", at=at)


def test_example_of_the_readme_works(tmp_path: Path) -> None:
    """The realistic example in the README is a configuration that starts."""
    example = re.search(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert example is not None
    file = tmp_path / "rolecall.toml"
    file.write_text(example.group(1))
    settings = load(file)
    snapshot = world(settings)
    assert keys(settings, snapshot, {"OPENAI_WORK_KEY": " k\n"}) == {"openai": "k"}
    assert snapshot.providers["ollama"].zone == "local"
    assert snapshot.work_roles["compaction"] == "code"
    assert all(d.model_class for d in snapshot.deployments.values())


def test_proposal_from_keys_and_engines() -> None:
    """Hosted models play what they are good for, the engine plays `local`."""
    found = hosted(KNOWN.presets, {"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k"})
    settings = propose(found, [Engine(name="ollama", models=("qwen3-coder:30b", "other"))])
    snapshot = world(settings)
    assert snapshot.stack["plan"] == ("openai/gpt-6-astra", "anthropic/claude-opus-5-5")
    assert snapshot.stack["local"] == ("ollama/qwen3-coder:30b",)
    assert {snapshot.deployments[n].model_class for n in snapshot.stack["plan"]} == {"frontier"}
    assert {snapshot.deployments[n].model_class for n in snapshot.stack["fast"]} == {"fast"}


def test_proposal_from_an_engine_alone() -> None:
    """Where there is no key, the engine plays every role."""
    settings = propose([], [Engine(name="llamacpp", models=("m",))])
    assert set(world(settings).stack.values()) == {("llamacpp/m",)}
    assert not uses_embedded(settings)


def test_proposal_from_nothing() -> None:
    """Where nothing is found, the embedded engine plays every role."""
    settings = propose([], [])
    assert uses_embedded(settings)
    assert set(settings.roles) == {"plan", "review", "code", "fast", "local"}


def test_left_out_roles_borrow() -> None:
    """Roles that the stack leaves out say whose cascade they play; `local` borrows from nobody."""
    snapshot = world(Settings(roles={"code": ("openai/gpt-6.1-sol",)}))
    assert snapshot.borrowed == {"plan": "code", "review": "code", "fast": "code"}
    assert "local" not in snapshot.stack


def test_version_changes_with_content_only() -> None:
    """The same stack at another time is the same version; another stack is another."""
    one = Settings(roles={"code": ("openai/gpt-6.1-sol",)})
    other = Settings(roles={"code": ("openai/gpt-6-luna",)})
    assert world(one).version == world(one, AT + timedelta(hours=1)).version
    assert world(one).version != world(other).version
    again = msgspec.json.decode(msgspec.json.encode(world(one)), type=Snapshot)
    assert again == world(one)


def test_file_in_force(tmp_path: Path) -> None:
    """The file given, else the folder's; a folder without one has none."""
    assert config_file(None, tmp_path) is None or config_file(None, tmp_path) != tmp_path
    (tmp_path / "rolecall.toml").write_text("")
    assert config_file(None, tmp_path) == tmp_path / "rolecall.toml"
