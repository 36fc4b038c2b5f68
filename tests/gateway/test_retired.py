"""A retired model at work: the next plays, or the successor does, and the record says which."""

from __future__ import annotations

from pathlib import Path

from support.answers import say
from support.gateway import run_rolecall, start_gateway
from support.http import post
from support.upstream import Upstream

STACK = """
[providers.openai]
base_url = "{url}"
auth = "none"
[providers.xai]
base_url = "{url}"
auth = "none"
[routing]
text_confidence = 1
on_retired = "{on_retired}"
[roles]
code = ["openai/gpt-5.2-codex", "xai/grok-4.3"]
"""
ASKED = {"model": "x", "messages": [{"role": "user", "content": "Go."}]}


def test_next_of_the_cascade_plays(tmp_path: Path) -> None:
    """The reason names the successor; the start and the doctor have said so before."""
    with Upstream(say("ok")) as upstream:
        config = STACK.format(url=upstream.base_url, on_retired="refuse")
        with start_gateway(config, tmp_path) as gateway:
            assert "gpt-5.2-codex on openai retired " in gateway.said
            assert post(gateway.url + "/v1/chat/completions", ASKED).status == 200
            why = gateway.rolecall("why").stdout
            doctor = gateway.rolecall("doctor")
        assert [one.model for one in upstream.received] == ["grok-4.3"]
    assert "openai/gpt-5.2-codex: retired by openai on 2026-07-23" in why
    assert "openai/gpt-5.6-sol follows it" in why
    assert doctor.returncode == 2
    assert "model gpt-5.2-codex" in doctor.stdout


def test_successor_plays_where_it_may(tmp_path: Path) -> None:
    """The upstream sees the successor's name; replay comes to the same."""
    with Upstream(say("ok")) as upstream:
        config = STACK.format(url=upstream.base_url, on_retired="successor")
        with start_gateway(config, tmp_path) as gateway:
            assert post(gateway.url + "/v1/chat/completions", ASKED).status == 200
            why = gateway.rolecall("why").stdout
            assert gateway.rolecall("replay").returncode == 0
            assert gateway.rolecall("doctor").returncode == 0
        assert [one.model for one in upstream.received] == ["gpt-5.6-sol"]
    assert "openai/gpt-5.6-sol, in place of openai/gpt-5.2-codex, which has retired" in why


def test_wrong_word_for_it(tmp_path: Path) -> None:
    """The file is refused with what is valid."""
    (tmp_path / "rolecall.toml").write_text(STACK.format(url="http://x/v1", on_retired="follow"))
    done = run_rolecall(tmp_path, "route", "x")
    assert done.returncode == 2
    assert "'follow' is none of refuse, successor" in done.stderr
