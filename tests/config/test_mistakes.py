"""A mistake in the configuration is one line that names the place and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.gateway import run_rolecall

CODE = '[roles]\ncode = ["openai/gpt-6.1-sol"]\n'
MISTAKES = {
    "table": ("[servr]\nport = 1", "unknown key [servr]; did you mean 'server'?"),
    "key": ("[server]\nprot = 1", "unknown key [server] prot; did you mean 'port'?"),
    "role": ('[roles]\ncod = ["a/b"]', "unknown key [roles] cod; did you mean 'code'?"),
    "provider key": ("[providers.openai]\nkeyenv = 'X'", "[providers.openai] keyenv; did you mean"),
    "type": ("[server]\nport = 'x'", "server.port: Expected `int`, got `str`"),
    "not TOML": ("[server", "is not valid TOML"),
    "entry": ('[roles]\ncode = ["gpt"]', "[roles] code names 'gpt'; write it as 'provider/model'"),
    "provider": (
        '[roles]\ncode = ["antropic/x"]',
        "uses the provider 'antropic', which is not known; did you mean 'anthropic'?",
    ),
    "nothing": ("[server]\nport = 0", "[roles] names no deployment; give at least code"),
    "half a provider": ('[providers.mine]\nzone = "eu"\n' + CODE, "needs base_url and dialects"),
    "no key": (CODE, "[providers.openai] needs its key in OPENAI_API_KEY, which is not set"),
    "class": (
        CODE + '[models."openai/x"]\nclass = "best"',
        "'best' is none of frontier,",
    ),
    "model": (CODE + '[models."openai/x"]\nclass = "fast"', "is in no cascade; did you mean"),
    "token": ('[server]\ntoken_env = "T"\n' + CODE, "[server] token_env names T, which is not set"),
    "host": ('[server]\nhost = "0.0.0.0"\n' + CODE, "can be reached from other machines"),
}


@pytest.mark.parametrize(("text", "says"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    """Exit code 2, one line on standard error, nothing on the other, nothing half started."""
    (tmp_path / "rolecall.toml").write_text(text)
    done = run_rolecall(tmp_path, "up", "--port", "0")
    assert done.returncode == 2
    assert done.stderr.startswith("rolecall: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "data").exists()


def test_named_file_must_exist(tmp_path: Path) -> None:
    """`--config` never falls back to another file."""
    done = run_rolecall(tmp_path, "up", "--config", "gone.toml")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "'gone.toml', and there is no such file" in done.stderr
