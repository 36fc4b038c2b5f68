"""What is wrong is one line on standard error, with an exit code that a script can read."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

import pytest

from support.gateway import STACK, run_rolecall

CONFIG = STACK.format(base_url="http://127.0.0.1:9/v1")
COMMANDS = [
    ("up",),
    ("route", "x"),
    ("log",),
    ("why", "last"),
    ("replay",),
]
ENDED = subprocess.CompletedProcess[str]


def is_one_line(done: ENDED, code: int, says: str) -> None:
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("rolecall: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_mistake_in_the_file_stops_each_command(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Exit code 2, whatever was asked for, and no ledger is made."""
    (tmp_path / "rolecall.toml").write_text("[server]\nprot = 1\n")
    is_one_line(run_rolecall(tmp_path, *command), 2, "unknown key [server] prot; did you mean")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--role", "boss"), 1, "x-rolecall-role says 'boss'; roles are plan, review, code, fast,"),
        (("--model", "rolecall/boss"), 1, "there is no model 'rolecall/boss'; rolecall's own are"),
        (("--dialect", "soap"), 2, "--dialect 'soap' is not one of openai.chat, openai.responses"),
        (("--config", "gone.toml"), 2, "--config names 'gone.toml', and there is no such file"),
    ],
)
def test_wrong_options_of_route(
    tmp_path: Path, options: tuple[str, ...], code: int, says: str
) -> None:
    """Each says what was given and what is valid."""
    (tmp_path / "rolecall.toml").write_text(CONFIG)
    is_one_line(run_rolecall(tmp_path, "route", "x", *options), code, says)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 (refused)
def test_other_machines_only_with_a_token(tmp_path: Path, host: str) -> None:
    """An address beyond loopback is refused before anything listens."""
    (tmp_path / "rolecall.toml").write_text(CONFIG)
    done = run_rolecall(tmp_path, "up", "--host", host, "--port", "0")
    is_one_line(done, 2, f"{host} can be reached from other machines, and no token is set; name")


def test_host_that_is_none(tmp_path: Path) -> None:
    """A name that cannot be resolved is named, with a token or without."""
    (tmp_path / "rolecall.toml").write_text('[server]\ntoken_env = "T"\n' + CONFIG)
    done = run_rolecall(tmp_path, "up", "--host", "no.such.host.invalid", env={"T": "t"})
    is_one_line(done, 2, "no.such.host.invalid:4141 cannot be used (")


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
def test_port_that_is_none(tmp_path: Path, port: str) -> None:
    """The command line says itself which numbers are ports."""
    (tmp_path / "rolecall.toml").write_text(CONFIG)
    done = run_rolecall(tmp_path, "up", "--port", port)
    assert done.returncode == 2
    assert "Invalid value for '--port': Input should be " in done.stderr
    assert not (tmp_path / "data").exists()


def test_unknown_command_and_none(tmp_path: Path) -> None:
    """Both end with exit code 2; without a command the help lists all of them."""
    assert "No such command 'upp'" in run_rolecall(tmp_path, "upp").stderr
    bare = run_rolecall(tmp_path)
    assert bare.returncode == 2
    for name in ("up", "route", "log", "why", "replay", "doctor"):
        assert f"  {name} " in bare.stdout + bare.stderr


def test_ledger_that_cannot_be_used(tmp_path: Path) -> None:
    """A file that is no database is named, and left as it is."""
    (tmp_path / "notes.txt").write_text("These are my notes, and no database at all.\n" * 50)
    (tmp_path / "rolecall.toml").write_text('[ledger]\npath = "notes.txt"\n' + CONFIG)
    is_one_line(run_rolecall(tmp_path, "log"), 1, "notes.txt cannot be opened: file is not a data")
    assert (tmp_path / "notes.txt").read_text().startswith("These are my notes")


def test_ledger_of_a_newer_rolecall(tmp_path: Path) -> None:
    """It is not touched, and the message says what to install."""
    (tmp_path / "rolecall.toml").write_text('[ledger]\npath = "l.sqlite"\n' + CONFIG)
    assert run_rolecall(tmp_path, "log").returncode == 0
    ledger = sqlite3.connect(tmp_path / "l.sqlite")
    ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    ledger.commit()
    ledger.close()
    is_one_line(run_rolecall(tmp_path, "replay"), 1, "schema 9999, this rolecall knows")


def test_doctor_shows_what_a_start_would_say(tmp_path: Path) -> None:
    """The message of the mistake, brackets and all, and exit code 2; the rest is examined too."""
    (tmp_path / "rolecall.toml").write_text('[roles]\ncode = ["openai/gpt-6.1-sol"]\n')
    done = run_rolecall(tmp_path, "doctor")
    assert done.returncode == 2
    said = " ".join(done.stdout.split())
    assert "configuration wrong cannot be used: " in said
    assert "[providers.openai] needs its key in OPENAI_API_KEY, which is not set" in said
    assert "key anthropic missing no key: export ANTHROPIC_API_KEY to use it" in said


def test_doctor_never_shows_a_key(tmp_path: Path) -> None:
    """Presence only, in words and as JSON."""
    (tmp_path / "rolecall.toml").write_text('[roles]\ncode = ["openai/gpt-6.1-sol"]\n')
    for options in ((), ("--json",)):
        done = run_rolecall(tmp_path, "doctor", *options, env={"OPENAI_API_KEY": "sk-secret"})
        assert done.returncode == 0
        assert "OPENAI_API_KEY is set" in done.stdout
        assert "sk-secret" not in done.stdout + done.stderr
