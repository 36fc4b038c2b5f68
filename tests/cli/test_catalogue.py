"""`rolecall catalogue`: lists of providers on a real socket, a dated file, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rolecall.catalogue.models import load_facts
from rolecall.config.overlays import files, read
from support.gateway import run_rolecall
from support.pages import Pages, serving

OPENAI = {
    "object": "list",
    "data": [
        {"id": "gpt-6.1-sol", "object": "model", "created": 1, "shutdown_date": "2027-09-29"},
        {"id": "gpt-5", "object": "model", "shutdown_date": "2026-12-12"},
        {"id": "gpt-6-luna", "object": "model", "shutdown_date": None},
        {"id": "somebody-elses", "object": "model"},
        {"id": "bad name\u001b[31m"},
        {"id": 7},
    ],
}
ANTHROPIC = {
    "data": [
        {"id": "claude-opus-5-5", "type": "model", "lifecycle": "active", "retires_at": None},
        {
            "id": "claude-opus-4-5",
            "type": "model",
            "lifecycle": "deprecated",
            "deprecated_at": "2026-11-20T00:00:00Z",
            "retires_at": "2099-02-24T00:00:00Z",
        },
        {"id": "claude-haiku-4-5", "lifecycle": "deprecated", "retires_at": "2026-01-01T00:00:00Z"},
        {"id": "claude-opus-4-6", "lifecycle": "retired", "retires_at": "2026-11-01T00:00:00Z"},
    ],
    "has_more": False,
}
MISTRAL = {
    "data": [
        {
            "id": "codestral-2508",
            "aliases": ["codestral-latest"],
            "deprecation": "2027-03-31T12:00:00Z",
            "deprecation_replacement_model": "mistral-medium-3-5",
            "max_context_length": 256000,
        }
    ]
}
OPENROUTER = {"data": [{"id": "openai/gpt-6-luna", "expiration_date": "2099-05-01"}]}
DEV = {
    "zai": {"id": "zai", "models": {"glm-5.3": {"id": "glm-5.3", "status": "deprecated"}}},
    "xai": {"id": "xai", "models": {"grok-4.7": {"id": "grok-4.7", "limit": {"context": 5}}}},
}
PRICES = [
    {
        "id": "openai",
        "name": "OpenAI",
        "api_pattern": "https://api\\.openai\\.com",
        "models": [
            {
                "id": "gpt-6-luna",
                "match": {"equals": "gpt-6-luna"},
                "prices": {"input_mtok": 0.07, "output_mtok": 0.35},
            }
        ],
    }
]
GOOD: dict[str, Any] = {
    "/openai/models": OPENAI,
    "/anthropic/models": ANTHROPIC,
    "/mistral/models": MISTRAL,
    "/openrouter/models": OPENROUTER,
    "/dev.json": DEV,
    "/prices.json": PRICES,
}
KEYS = {"OPENAI_API_KEY": "sk-o", "ANTHROPIC_API_KEY": "sk-a", "MISTRAL_API_KEY": "sk-m"}


@pytest.fixture
def lists() -> Iterator[Pages]:
    with serving(GOOD) as pages:
        yield pages


@pytest.fixture
def home(tmp_path: Path, lists: Pages) -> Path:
    providers = "\n".join(
        f'[providers.{name}]\nbase_url = "{lists.url}/{name}"\n'
        for name in ("openai", "anthropic", "mistral", "openrouter")
    )
    mirrors = f'models_dev = "{lists.url}/dev.json"\nprices = "{lists.url}/prices.json"\n'
    roles = '[roles]\ncode = ["openai/gpt-6.1-sol"]\n'
    (tmp_path / "rolecall.toml").write_text(f"[catalogue]\n{mirrors}\n{providers}\n{roles}")
    return tmp_path


def shown(home: Path, name: str) -> Any:
    done = run_rolecall(home, "models", "show", name, "--json")
    return msgspec.json.decode(done.stdout)


def surface(home: Path, name: str, on: str) -> Any:
    return next(place for place in shown(home, name)["row"]["served"] if place["on"] == on)


def test_refresh_says_what_differs_and_keeps_it(home: Path) -> None:
    """Every shape of list is read; the facts say so at once, and fresher."""
    done = run_rolecall(home, "catalogue", "refresh", env=KEYS)
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert "openai        4 listed, 3 of them known here, 2 made no sense" in said
    assert "gpt-5 on openai: retires 2026-12-11 → 2026-12-12" in said
    assert "claude-opus-4-5 on anthropic: retires not named → 2099-02-24" in said
    assert "claude-opus-4-6 on anthropic: retires not named → 2026-11-01" in said
    assert "codestral-2508 on mistral: successor not named → mistral-medium-3-5" in said
    assert "gpt-6-luna on openrouter: retires not named → 2099-05-01" in said
    assert "gpt-5.5: openai's own list does not name gpt-5.5" in said
    assert "claude-haiku-4-5 on anthropic: retires" not in said  # overdue is not retired
    assert "1 prices differ" in said
    assert surface(home, "gpt-5", "openai")["retires"] == "2026-12-12"
    assert surface(home, "gpt-6-luna", "openai")["age_days"] == 0
    assert surface(home, "claude-opus-4-6", "anthropic")["stage"] == "retired"
    assert surface(home, "glm-5.3", "zai")["stage"] == "deprecated"
    luna = shown(home, "gpt-6-luna")["row"]
    assert float(luna["input"]) == 0.07
    assert "2099-05-01" in run_rolecall(home, "models", "--retiring", "99999d").stdout


def test_keys_go_where_they_belong(home: Path, lists: Pages) -> None:
    """Each provider sees its own key; public lists see none."""
    run_rolecall(home, "catalogue", "refresh", env=KEYS)
    assert lists.seen["/openai/models"]["authorization"] == "Bearer sk-o"
    assert lists.seen["/anthropic/models"]["x-api-key"] == "sk-a"
    assert lists.seen["/anthropic/models"]["anthropic-version"] == "2023-06-01"
    for public in ("/openrouter/models", "/dev.json", "/prices.json"):
        assert not {"authorization", "x-api-key"} & set(lists.seen[public])


def test_only_providers_with_a_key_are_asked(home: Path, lists: Pages) -> None:
    """Nobody is asked who would refuse."""
    run_rolecall(home, "catalogue", "refresh")
    assert set(lists.seen) == {"/openrouter/models", "/dev.json", "/prices.json"}


def test_key_of_another_variable_is_the_one_that_is_sent(home: Path, lists: Pages) -> None:
    """Who stands at an address of the user's own never sees the usual key."""
    path = home / "rolecall.toml"
    mine = '[providers.openai]\nkey_env = "PROXY_KEY"\n'
    none = '[providers.mistral]\nauth = "none"\n'
    text = path.read_text().replace("[providers.openai]\n", mine)
    path.write_text(text.replace("[providers.mistral]\n", none))
    run_rolecall(home, "catalogue", "refresh", env=KEYS)
    assert "/openai/models" not in lists.seen
    assert "/mistral/models" not in lists.seen
    run_rolecall(home, "catalogue", "refresh", env={**KEYS, "PROXY_KEY": "sk-p"})
    assert lists.seen["/openai/models"]["authorization"] == "Bearer sk-p"


def test_undo_brings_the_earlier_catalogue_back(home: Path) -> None:
    """One file each; the newest goes first."""
    run_rolecall(home, "catalogue", "refresh", env=KEYS)
    assert "gpt-5 on openai: retires" in run_rolecall(home, "catalogue", "diff").stdout
    done = run_rolecall(home, "catalogue", "undo")
    assert "in force: the catalogue as it ships" in done.stdout
    assert surface(home, "gpt-5", "openai")["retires"] == "2026-12-11"
    assert "as it ships" in run_rolecall(home, "catalogue", "diff").stdout
    again = run_rolecall(home, "catalogue", "undo")
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)


def test_list_that_fails_leaves_what_was_heard_before(home: Path, lists: Pages) -> None:
    """The second refresh hears one list only; the first one's facts stay."""
    run_rolecall(home, "catalogue", "refresh", env=KEYS)
    lists.bodies["/openai/models"] = None
    lists.bodies["/prices.json"] = b"[1]"
    done = run_rolecall(home, "catalogue", "refresh", env=KEYS)
    assert "openai        openai answered 404" in done.stdout
    assert surface(home, "gpt-5", "openai")["retires"] == "2026-12-12"
    assert float(shown(home, "gpt-6-luna")["row"]["input"]) == 0.07


HOSTILE = {
    "not JSON": b"<html>",
    "another shape": b'{"models": []}',
    "empty": b'{"data": []}',
    "deep": b"[" * 100_000,
    "no text": b"\xff\xfe",
    "numbers": b'{"data": [1, 2, null, "x"]}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_wrong_list_changes_nothing(home: Path, lists: Pages, body: bytes) -> None:
    """It is named, the others are read, and no fact of that provider changes."""
    lists.bodies["/openai/models"] = body
    done = run_rolecall(home, "catalogue", "refresh", env=KEYS)
    assert done.returncode == 0, done.stderr
    assert surface(home, "gpt-5", "openai")["retires"] == "2026-12-11"
    assert "claude-opus-4-5 on anthropic" in done.stdout


def test_huge_list_is_cut_off(home: Path, lists: Pages) -> None:
    """More than 32 MiB is not read to its end."""
    lists.bodies["/openai/models"] = b'{"data": [' + b" " * (33 * 2**20) + b"]}"
    done = run_rolecall(home, "catalogue", "refresh", env=KEYS)
    assert "openai sent more than 32 MiB" in done.stdout


def test_offline_changes_nothing_and_says_so(home: Path, lists: Pages) -> None:
    """No file is left."""
    lists.bodies.clear()
    done = run_rolecall(home, "catalogue", "refresh", env=KEYS)
    assert done.returncode == 1
    assert done.stdout.endswith("Nothing answered; nothing was changed.\n")
    assert files(home / "data/rolecall") == []


def test_malformed_overlay_leaves_the_last_good_one_in_force(home: Path) -> None:
    """It is named on standard error, and the command goes on."""
    run_rolecall(home, "catalogue", "refresh", env=KEYS)
    good = files(home / "data/rolecall")[0]
    assert len(read(good).lists) > 3
    bad = good.with_name("9999-01-01T00-00-00Z.toml")
    bad.write_text("made = nonsense")
    done = run_rolecall(home, "models", "show", "gpt-5")
    assert done.returncode == 0
    assert f"{bad}: " in done.stderr
    assert "stays in force" in done.stderr
    assert "2026-12-12" in done.stdout


def test_every_model_can_be_shown(home: Path) -> None:
    """By id; the mission's names answer, and an unknown one is told its neighbour."""
    for name in ("gpt-5.2-codex", "grok-code-fast-1", "devstral-2512", "qwen3-coder:30b"):
        assert run_rolecall(home, "models", "show", name).returncode == 0, name
    done = run_rolecall(home, "models", "show", "gpt-6-lunar")
    assert done.returncode == 2
    assert "did you mean 'gpt-6-luna'?" in done.stderr
    listed = msgspec.json.decode(run_rolecall(home, "models", "--all", "--json").stdout)
    assert len(listed) == len(load_facts().models)
    assert run_rolecall(home, "models", "--local").returncode == 0
    wrong = run_rolecall(home, "models", "--retiring", "soon")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
