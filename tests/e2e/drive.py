"""Runs the real coding clients, each in a home of its own, against a base URL.

`url` is the root of the server (`http://127.0.0.1:PORT`), of the scripted upstream or of rolecall
in front of it; each client is told it in its own way. Nothing of the person's own configuration,
keys or session history is read: the environment is built from nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from msgspec import Struct

KEY = "sk-e2e-not-a-key"
SECONDS = 120.0
"""No run of a client takes longer: it is ended then, with all it started."""

CODEX_SETTINGS = """
model = "{model}"
model_provider = "scripted"
check_for_update_on_startup = false

[model_providers.scripted]
name = "scripted"
base_url = "{url}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"

[analytics]
enabled = false
"""
VIBE_SETTINGS = """
active_model = "main"
enable_telemetry = false
enable_update_checks = false
enable_auto_update = false

[[providers]]
name = "scripted"
api_base = "{url}/v1"
api_key_env_var = "SCRIPTED_API_KEY"
api_style = "openai"
backend = "generic"

[[models]]
name = "{model}"
provider = "scripted"
alias = "main"

[utility_models]
title = "main"
smart_approve = "main"
"""


class Place(Struct, frozen=True, kw_only=True):
    """Where a client runs: a home that holds its settings, and a git repository to work in."""

    clients: Path
    home: Path
    repository: Path

    def program(self, *parts: str) -> str:
        return str(self.clients.joinpath(*parts))


class Ran(Struct, frozen=True, kw_only=True):
    """What came of a run."""

    code: int
    stdout: str
    stderr: str
    seconds: float


def prepare(clients: Path, folder: Path) -> Place:
    """Lay out a home and a repository with one committed file, `greeting.py`, in `folder`."""
    home, repository = folder / "home", folder / "repository"
    home.mkdir(parents=True)
    repository.mkdir()
    place = Place(clients=clients, home=home, repository=repository)
    (home / ".gitconfig").write_text(
        "[user]\nname = Test\nemail = test@example.invalid\n[init]\ndefaultBranch = main\n"
    )
    (repository / "greeting.py").write_text('GREETING = "good morning"\n')
    for command in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "start")):
        if run(place, ["git", *command], {}).code:
            raise RuntimeError(f"git {command[0]} failed in {str(repository)!r}")
    return place


def run(
    place: Place, command: list[str], extra: dict[str, str], *, seconds: float = SECONDS
) -> Ran:
    """Run a command in the repository; end its whole process group when the time is over."""
    began = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=place.repository,
        env=environment(place) | extra,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            stderr += f"\n{command[0]}: ended after {seconds} s"
    took = time.monotonic() - began
    return Ran(code=process.returncode, stdout=stdout, stderr=stderr, seconds=took)


def environment(place: Place) -> dict[str, str]:
    """Only what a program needs to start, with every folder of the user inside `home`."""
    home = place.home
    node = shutil.which("node")
    path = [str(Path(node).parent)] if node else []
    return {
        "PATH": os.pathsep.join([*path, "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "DO_NOT_TRACK": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "CI": "1",
    }


def codex(place: Place, url: str, model: str, *arguments: str) -> Ran:
    """Codex CLI; `arguments` follow `codex exec`, such as a prompt, or `review` and its options."""
    free = "--dangerously-bypass-approvals-and-sandbox"
    return codex_asking(place, url, model, free, *arguments)


def codex_asking(place: Place, url: str, model: str, *arguments: str) -> Ran:
    """Codex CLI with its sandbox and its approvals."""
    folder = place.home / ".codex"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(CODEX_SETTINGS.format(url=url, model=model))
    command = [place.program("node/node_modules/.bin/codex"), "exec", "--skip-git-repo-check"]
    keys = {"CODEX_HOME": str(folder), "OPENAI_API_KEY": KEY}
    return run(place, [*command, *arguments], keys)


def claude_code(place: Place, url: str, model: str, *arguments: str) -> Ran:
    """Claude Code in print mode; `arguments` are the prompt and further options."""
    command = [place.program("node/node_modules/.bin/claude"), "-p", *arguments]
    return run(place, [*command, "--output-format", "json"], claude_settings(place, url, model))


def claude_settings(place: Place, url: str, model: str) -> dict[str, str]:
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_MODEL": model,
        "CLAUDE_CONFIG_DIR": str(place.home / ".claude"),
        "IS_SANDBOX": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }


def opencode(place: Place, url: str, model: str, *arguments: str) -> Ran:
    """Run opencode over chat completions; `arguments` follow `opencode run`.

    A session that goes on under another model needs the first in its settings, too.
    """
    names = {model, "rolecall/code", "rolecall/plan"}
    settings = {
        "$schema": "https://opencode.ai/config.json",
        "model": f"scripted/{model}",
        "small_model": f"scripted/{model}",
        "autoupdate": False,
        "share": "disabled",
        "permission": {"*": "allow"},
        "provider": {
            "scripted": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "scripted",
                "options": {"baseURL": f"{url}/v1", "apiKey": KEY},
                "models": {
                    name: {"name": name, "limit": {"context": 200000, "output": 32000}}
                    for name in sorted(names)
                },
            }
        },
    }
    file = place.home / "opencode.json"
    file.write_text(json.dumps(settings))
    return run(
        place,
        [place.program("node/node_modules/.bin/opencode"), "run", *arguments],
        {
            "OPENCODE_CONFIG": str(file),
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
        },
    )


def vibe(place: Place, url: str, model: str, *arguments: str) -> Ran:
    """Run Mistral Vibe over chat completions; `arguments` are the prompt and further options."""
    folder = place.home / ".vibe"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(VIBE_SETTINGS.format(url=url, model=model))
    return run(
        place,
        [place.program("vibe/bin/vibe"), "-p", *arguments, "--output", "json", "--trust"],
        {"VIBE_HOME": str(folder), "SCRIPTED_API_KEY": KEY, "MISTRAL_API_KEY": KEY},
    )


def aider(place: Place, url: str, model: str, *arguments: str) -> Ran:
    """Run aider over chat completions, with one model for the edits and for commit messages."""
    name = f"openai/{model}"
    known = place.home / ".aider/caches/model_prices_and_context_window.json"
    known.parent.mkdir(parents=True, exist_ok=True)
    known.write_text(json.dumps({name: {"max_input_tokens": 128_000, "mode": "chat"}}))
    command = [place.program("aider/bin/aider"), "--model", name, "--weak-model", name]
    command += ["--edit-format", "diff", "--map-tokens", "0", "--yes-always", "--no-gitignore"]
    command += ["--no-check-update", "--analytics-disable", "--no-show-release-notes"]
    command += ["--no-show-model-warnings", "--no-pretty"]
    settings = {
        "OPENAI_API_BASE": f"{url}/v1",
        "OPENAI_API_KEY": KEY,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    return run(place, [*command, *arguments], settings)
