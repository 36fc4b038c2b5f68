"""`rolecall init`: what is found, at most three questions, and a file one can read."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rolecall.config.known import shipped
from rolecall.config.load import load
from support.gateway import run_rolecall
from support.pages import Pages, serving

KEYS = {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k", "GEMINI_API_KEY": "k"}


@pytest.fixture
def fresh() -> Iterator[Pages]:
    """models.dev, confirming today all that the catalogue knows."""
    known = shipped()
    listed: dict[str, dict[str, object]] = {}
    for model in known.facts.models:
        for surface in model.surfaces:
            preset = known.presets.get(surface.on)
            if preset is not None and preset.models_dev is not None:
                entry = listed.setdefault(preset.models_dev, {"models": {}})
                entry["models"][surface.id] = {"id": surface.id}  # type: ignore[index] # a dict
    with serving({"/dev.json": listed}) as pages:
        yield pages


@pytest.fixture
def home(tmp_path: Path, fresh: Pages) -> Path:
    mirrors = tmp_path / "mirrors.toml"
    address = f'base_url = "{fresh.url}/openrouter"'
    mirrors.write_text(
        f'[catalogue]\nmodels_dev = "{fresh.url}/dev.json"\nprices = "{fresh.url}/none"\n'
        f"[providers.openrouter]\n{address}\n"
    )
    done = run_rolecall(tmp_path, "catalogue", "refresh", "--config", str(mirrors))
    assert done.returncode == 0, done.stdout
    return tmp_path


def init(home: Path, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run_rolecall(home, "init", *options, env={**KEYS, **env})


def test_file_says_why_and_can_be_used_at_once(home: Path) -> None:
    """Keys are named, each line has a reason and a cost, what is missing is told."""
    done = init(home, "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("keys     openai, anthropic, google\n")
    text = (home / "rolecall.toml").read_text()
    assert "a session" in text
    assert "another family than the executor" in text
    assert "no model on this machine" in text
    settings = load(home / "rolecall.toml")
    assert set(settings.roles) >= {"plan", "review", "code", "fast"}
    route = run_rolecall(home, "route", "Fix it", "--role", "code", env=KEYS)
    assert route.returncode == 0, route.stderr
    assert "plays      openai/gpt-6.1-sol" in route.stdout


def test_file_that_is_there_is_replaced_only_after_its_difference(home: Path) -> None:
    """And it can be had back."""
    path = home / "rolecall.toml"
    path.write_text("# mine\n[roles]\ncode = ['openai/gpt-6-luna']\n")
    done = init(home, "--yes")
    assert "-# mine" in done.stdout
    assert "# mine" not in path.read_text()
    assert run_rolecall(home, "migrate", "--undo").returncode == 0
    assert path.read_text().startswith("# mine")
    again = init(home, "--yes", "--out", "other.toml")
    assert again.returncode == 0
    assert "says so already" in init(home, "--yes", "--out", "other.toml").stdout


def test_wrong_words_and_nothing_to_build_from(home: Path, tmp_path: Path) -> None:
    """One line each, and no file."""
    wrong = init(home, "--yes", "--budget", "huge")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "--budget 'huge' is none of low, normal, high" in wrong.stderr
    empty = run_rolecall(home, "init", "--yes", "--privacy", "home")
    assert empty.returncode == 2
    assert "there is nothing to build a stack from" in empty.stderr
    assert not (tmp_path / "rolecall.toml").exists()


def test_answer_about_privacy_is_a_rule_that_works(home: Path) -> None:
    """What holds a secret stays, and the rest may go."""
    assert init(home, "--yes", "--privacy", "secrets").returncode == 0
    settings = load(home / "rolecall.toml")
    assert [(rule.name, rule.secrets) for rule in settings.privacy.rules] == [("secrets", True)]
    secret = "DB_PASSWORD=vX7#qLp29zRt!m"  # noqa: S105 (nobody's)
    told = {text: _told(home, text) for text in (secret, "sort these lines")}
    assert "local" in told[secret]
    assert "local" not in told["sort these lines"]


def _told(home: Path, text: str) -> str:
    (home / "text.txt").write_text(text)
    done = run_rolecall(home, "privacy", "test", "text.txt")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_rule_where_code_may_go_anywhere(home: Path) -> None:
    assert init(home, "--yes", "--privacy", "anywhere").returncode == 0
    assert load(home / "rolecall.toml").privacy.rules == ()


def test_secrets_are_redacted_where_no_engine_is(home: Path) -> None:
    """Refusing every request with a secret would be no rule that works."""
    init(home, "--yes", "--privacy", "secrets")
    rule = load(home / "rolecall.toml").privacy.rules[0]
    engine = "local" in load(home / "rolecall.toml").roles
    assert rule.otherwise == ("refuse" if engine else "redact")
