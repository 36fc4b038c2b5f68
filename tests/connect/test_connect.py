"""Clients are connected by keys, and disconnected byte for byte."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import msgspec
import pytest

from support.gateway import run_rolecall

CODEX = """\
# my settings
model = "gpt-6.1-sol"   # the workhorse
approval_policy = "on-request"

[model_providers.mine]
name = "mine"            # stays
base_url = "https://example.com/v1"

[mcp_servers.docs]
command = "docs"
"""
CLAUDE = """\
{
    "permissions": { "allow": ["Bash(ls:*)"] },
    "env": {
        "FOO": "bar"
    },
    "unknown": [1, 2.50, null]
}"""
OPENCODE = """\
// what I use
{
\t"model": "anthropic/claude-sonnet-5-5", // the main one
\t"provider": {
\t\t"anthropic": {"options": {"timeout": 600000}},
\t},
\t/* agents */
\t"agent": {"plan": {"temperature": 0.1}},
}
"""
VIBE = """\
active_model = "devstral-2"
# telemetry is off
enable_telemetry = false

[[providers]]
name = "mistral"
api_base = "https://example.com/v1"

[[models]]
name = "devstral-2"
provider = "mistral"
alias = "devstral-2"
"""
AIDER = "# aider\nmodel: sonnet # by alias\ndark-mode: true\nread:\n  - CONVENTIONS.md"
GEMINI = '{\n  // mine\n  "ui": {"theme": "GitHub"},\n  "model": {"maxSessionTurns": 5}\n}\n'
CONTINUE = """\
name: Mine  # by hand
version: "0.1.0"
schema: v1
models:
  # what I pay for
  - name: Sonnet
    provider: anthropic
    model: claude-sonnet-5-5
    roles: [chat]
rules:
  - Be brief.
"""
PI = '{\n  "theme": "dark",\n  "defaultModel": "claude-sonnet-5-5"\n}\n'
MINI = "# keys\nexport ANTHROPIC_API_KEY='x'\nMSWEA_MODEL_NAME=anthropic/claude\n"
LLM = """\
# at home
- model_id: home
  model_name: qwen
  api_base: "http://localhost:8080/v1"
"""
ZED = '// Zed\n{\n  "vim_mode": true, // always\n  "agent": {"default_profile": "write",},\n}\n'
ROO = '{\n    "editor.tabSize": 2, // two\n    "roo-cline.allowedCommands": ["git log"],\n}\n'
FILES = {
    "codex": (".codex/config.toml", CODEX),
    "claude-code": (".claude/settings.json", CLAUDE),
    "opencode": ("config/opencode/opencode.jsonc", OPENCODE),
    "vibe": (".vibe/config.toml", VIBE),
    "aider": (".aider.conf.yml", AIDER),
    "gemini-cli": (".gemini/settings.json", GEMINI),
    "continue": (".continue/config.yaml", CONTINUE),
    "pi": (".pi/agent/settings.json", PI),
    "mini-swe-agent": ("config/mini-swe-agent/.env", MINI),
    "llm": ("config/io.datasette.llm/extra-openai-models.yaml", LLM),
    "zed": ("config/zed/settings.json", ZED),
    "roo": ("config/Code/User/settings.json", ROO),
}
KEPT = {
    "codex": ["# my settings", 'name = "mine"            # stays', "[mcp_servers.docs]"],
    "claude-code": ['"FOO": "bar"', '"unknown": [1, 2.50, null]', '"allow": ["Bash(ls:*)"]'],
    "opencode": ["// what I use", "/* agents */", '"temperature": 0.1', "// the main one"],
    "vibe": ["# telemetry is off", 'name = "mistral"', 'alias = "devstral-2"'],
    "aider": ["# aider", "dark-mode: true", "  - CONVENTIONS.md"],
    "gemini-cli": ["// mine", '"ui": {"theme": "GitHub"}', '"maxSessionTurns": 5'],
    "continue": ["Mine  # by hand", "  # what I pay for", "  - name: Sonnet", "  - Be brief."],
    "pi": ['"theme": "dark"'],
    "mini-swe-agent": ["# keys", "export ANTHROPIC_API_KEY='x'"],
    "llm": ["# at home", "- model_id: home", 'api_base: "http://localhost:8080/v1"'],
    "zed": ["// Zed", '"vim_mode": true, // always', '"default_profile": "write"'],
    "roo": ['"editor.tabSize": 2, // two', '"roo-cline.allowedCommands": ["git log"]'],
}
CLIENTS = list(FILES)


def tree(home: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below a home, but rolecall's own."""
    found = (path for path in home.rglob("*") if "data/rolecall" not in str(path))
    return {
        str(path.relative_to(home)): (path.read_bytes(), path.stat().st_mode)
        for path in found
        if path.is_file()
    }


def rich(home: Path, client: str) -> Path:
    name, text = FILES[client]
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o640)
    return path


@pytest.mark.parametrize("client", CLIENTS)
def test_a_rich_configuration_keeps_what_is_not_ours(client: str, tmp_path: Path) -> None:
    """Comments, unknown keys and order stay; afterwards all is as it was, to the byte."""
    path = rich(tmp_path, client)
    before = tree(tmp_path)
    done = run_rolecall(tmp_path, "connect", client, "--yes")
    assert done.returncode == 0, done.stderr
    assert f"{client} asks http://127.0.0.1:4141 from now on" in done.stdout
    text = path.read_text()
    assert "rolecall" in text
    assert [one for one in KEPT[client] if one not in text] == []
    assert path.stat().st_mode & 0o777 == 0o640
    again = run_rolecall(tmp_path, "connect", client, "--yes")
    assert "is connected to http://127.0.0.1:4141 already" in again.stdout
    assert path.read_text() == text
    assert run_rolecall(tmp_path, "disconnect", client).returncode == 0
    assert tree(tmp_path) == before


@pytest.mark.parametrize("client", CLIENTS)
def test_where_there_was_nothing_nothing_is_left(client: str, tmp_path: Path) -> None:
    """Neither the file nor the folders that were made for it."""
    folders = set(tmp_path.rglob("*"))
    assert run_rolecall(tmp_path, "connect", client, "--yes").returncode == 0
    assert tree(tmp_path)
    assert run_rolecall(tmp_path, "disconnect", "--all").returncode == 0
    left = {path for path in tmp_path.rglob("*") if path not in folders}
    assert [path for path in left if path.is_file() or "data" not in str(path)] == []


def test_what_the_files_say(tmp_path: Path) -> None:
    """Each of a client's own settings names the role that plays it."""
    for client in CLIENTS:
        rich(tmp_path, client)
    assert run_rolecall(tmp_path, "connect", *CLIENTS, "--yes").returncode == 0
    codex = tomllib.loads((tmp_path / FILES["codex"][0]).read_text())
    assert (codex["model"], codex["review_model"]) == ("rolecall/auto", "rolecall/review")
    assert codex["model_providers"]["rolecall"]["base_url"] == "http://127.0.0.1:4141/v1"
    claude = json.loads((tmp_path / FILES["claude-code"][0]).read_text())["env"]
    assert claude["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:4141"
    assert claude["ANTHROPIC_DEFAULT_OPUS_MODEL"] == "rolecall/plan"
    vibe = tomllib.loads((tmp_path / FILES["vibe"][0]).read_text())
    assert [one["name"] for one in vibe["providers"]] == ["mistral", "rolecall"]
    assert vibe["utility_models"]["title"] == "rolecall-fast"
    assert "weak-model: openai/rolecall/fast" in (tmp_path / FILES["aider"][0]).read_text()
    zed = (tmp_path / FILES["zed"][0]).read_text()
    assert zed.count('"model": "rolecall/fast"') == 3
    modes = json.loads((tmp_path / ".roo/rolecall.json").read_text())["providerProfiles"]
    assert modes["modeApiConfigs"]["architect"] == "rolecall-plan"
    assert (
        "GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:4141\n" in (tmp_path / ".gemini/.env").read_text()
    )
    assert (tmp_path / "config/io.datasette.llm/default_model.txt").read_text() == "rolecall/auto\n"


def test_the_change_is_shown_first(tmp_path: Path) -> None:
    """Without an answer nothing is written."""
    path = rich(tmp_path, "codex")
    done = run_rolecall(tmp_path, "connect", "codex")
    assert done.returncode == 1
    assert '-model = "gpt-6.1-sol"   # the workhorse' in done.stdout
    assert '+model = "rolecall/auto"' in done.stdout
    assert path.read_text() == CODEX


def test_what_was_edited_since_is_not_thrown_away(tmp_path: Path) -> None:
    path = rich(tmp_path, "codex")
    run_rolecall(tmp_path, "connect", "codex", "--yes")
    path.write_text(path.read_text() + "\n# a thought\n")
    listed = msgspec.json.decode(run_rolecall(tmp_path, "connect", "--list", "--json").stdout)
    assert next(one for one in listed if one["client"] == "codex")["state"] == "changed since"
    done = run_rolecall(tmp_path, "disconnect", "codex")
    assert "but for what was edited since" in done.stdout
    assert tomllib.loads(path.read_text()) == tomllib.loads(CODEX)
    assert "# a thought" in path.read_text()


EDITS = {
    "codex": ("# my settings", "# my settings, and more"),
    "claude-code": ('"unknown": [1', '"more": true, "unknown": [1'),
    "opencode": ("/* agents */", "/* my agents */"),
    "vibe": ("enable_telemetry = false", "enable_telemetry = true"),
    "aider": ("dark-mode: true", "dark-mode: false"),
    "gemini-cli": ("// mine", "// all mine"),
    "continue": ("  - Be brief.", "  - Be very brief."),
    "pi": ('"dark"', '"light"'),
    "mini-swe-agent": ("# keys", "# my keys"),
    "llm": ("# at home", "# here"),
    "zed": ("// always", "// mostly"),
    "roo": ("// two", "// spaces"),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_only_our_keys_are_put_back(client: str, tmp_path: Path) -> None:
    """Clients write into their own settings, too, and people do."""
    path = rich(tmp_path, client)
    run_rolecall(tmp_path, "connect", client, "--yes")
    path.write_text(path.read_text().replace(*EDITS[client]))
    done = run_rolecall(tmp_path, "disconnect", client)
    assert done.returncode == 0, done.stderr
    assert "rolecall" not in path.read_text()
    assert lines_of(path.read_text()) == lines_of(FILES[client][1].replace(*EDITS[client]))


def lines_of(text: str) -> list[str]:
    """The lines that say something, without order or spaces."""
    return sorted("".join(line.split()) for line in text.splitlines() if line.strip())


def test_a_folder_that_has_moved_keeps_its_edits(tmp_path: Path) -> None:
    """What was put in is known without asking where the client's folder is now."""
    path = rich(tmp_path, "codex")
    run_rolecall(tmp_path, "connect", "codex", "--yes")
    path.write_text(path.read_text() + "\n# a thought\n")
    elsewhere = {"CODEX_HOME": str(tmp_path / "elsewhere")}
    assert run_rolecall(tmp_path, "disconnect", "codex", env=elsewhere).returncode == 0
    assert tomllib.loads(path.read_text()) == tomllib.loads(CODEX)
    assert "# a thought" in path.read_text()


def test_what_cannot_be_connected_says_what_it_would_take(tmp_path: Path) -> None:
    done = run_rolecall(tmp_path, "connect", "cursor", "--yes")
    assert (done.returncode, "its own servers call the model" in done.stderr) == (2, True)
    listed = msgspec.json.decode(run_rolecall(tmp_path, "connect", "--list", "--json").stdout)
    assert next(one for one in listed if one["client"] == "cursor")["state"] == "cannot be"
    run = run_rolecall(tmp_path, "run", "gemini-cli")
    assert "`rolecall connect gemini-cli` writes them, undoable" in run.stderr


@pytest.mark.parametrize(
    ("client", "text"), [("claude-code", '{"env": {"A": 1,, }'), ("codex", 'model = "a\n')]
)
def test_a_broken_file_is_named_and_left_alone(client: str, text: str, tmp_path: Path) -> None:
    path = rich(tmp_path, client)
    path.write_text(text)
    done = run_rolecall(tmp_path, "connect", client, "--yes")
    assert done.returncode == 2
    assert str(path) in done.stderr
    assert "line 1" in done.stderr
    assert path.read_text() == text


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """Dotfiles often stand elsewhere."""
    path = rich(tmp_path, "claude-code")
    real = tmp_path / "dotfiles.json"
    path.rename(real)
    path.symlink_to(real)
    run_rolecall(tmp_path, "connect", "claude-code", "--yes")
    assert path.is_symlink()
    assert "rolecall/auto" in real.read_text()
    run_rolecall(tmp_path, "disconnect", "claude-code")
    assert (path.is_symlink(), real.read_text()) == (True, CLAUDE)


def test_a_workspace_and_a_token(tmp_path: Path) -> None:
    """The token is named by its variable and never written."""
    config = '[server]\ntoken_env = "TEAM_TOKEN"\nport = 5000\n[workspaces.shop]\npath = "/shop"\n'
    (tmp_path / "rolecall.toml").write_text(config)
    done = run_rolecall(
        tmp_path, "connect", "codex", "--yes", "--workspace", "shop", env={"TEAM_TOKEN": "secret"}
    )
    assert done.returncode == 0, done.stderr
    text = (tmp_path / ".codex/config.toml").read_text()
    assert 'base_url = "http://127.0.0.1:5000/w/shop/v1"' in text
    assert 'env_key = "TEAM_TOKEN"' in text
    assert "secret" not in text + done.stdout
    gemini = run_rolecall(tmp_path, "connect", "gemini-cli", "--yes", env={"TEAM_TOKEN": "secret"})
    assert "GEMINI_API_KEY" not in (tmp_path / ".gemini/.env").read_text()
    assert "export GEMINI_API_KEY" in gemini.stdout
    wrong = run_rolecall(tmp_path, "connect", "codex", "--workspace", "sop")
    assert "did you mean 'shop'?" in wrong.stderr


def test_an_unknown_client_is_answered_with_the_nearest(tmp_path: Path) -> None:
    done = run_rolecall(tmp_path, "connect", "claude")
    assert (done.returncode, "did you mean 'claude-code'?" in done.stderr) == (2, True)
