"""`rolecall doctor --probe` asks whether providers speak what they are said to speak."""

from __future__ import annotations

from pathlib import Path

import msgspec

from support.answers import Answer, Received
from support.gateway import STACK, run_rolecall
from support.upstream import Upstream


def only_chat(received: Received) -> Answer:
    if received.dialect == "openai.chat":
        return Answer(text="yes")
    return Answer(status=404, text="no such endpoint")


def test_each_dialect_is_asked_for_a_word(tmp_path: Path) -> None:
    """What does not answer is wrong, with the mend; one deployment stands for its provider."""
    with Upstream(only_chat) as upstream:
        (tmp_path / "rolecall.toml").write_text(STACK.format(base_url=upstream.base_url))
        done = run_rolecall(tmp_path, "doctor", "--probe", "--json")
    assert done.returncode == 2
    findings = msgspec.json.decode(done.stdout)
    probes = {one["says"]: one for one in findings if one["about"] == "probe up/plan-model"}
    assert sorted(one["state"] for one in probes.values()) == ["ok", "wrong", "wrong"]
    assert probes["speaks openai.chat"]["state"] == "ok"
    wrong = probes["does not speak openai.responses: up answered 404"]
    assert wrong["mend"] == "leave it out of dialects in [providers.up]"
    assert len(upstream.asked) == 3


def test_completions_are_not_asked_for(tmp_path: Path) -> None:
    """A provider serves them for a model or two alone, and this may be another one."""
    with Upstream() as upstream:
        config = STACK.format(base_url=upstream.base_url)
        spoken = '["openai.chat", "ollama.chat", "mistral.fim"]'
        said = '["openai.chat", "openai.responses", "anthropic.messages"]'
        (tmp_path / "rolecall.toml").write_text(config.replace(said, spoken))
        run_rolecall(tmp_path, "doctor", "--probe", "--json")
    assert [one.dialect for one in upstream.asked] == ["openai.chat", "ollama.chat"]


def test_nobody_is_asked_without_the_option(tmp_path: Path) -> None:
    with Upstream(only_chat) as upstream:
        (tmp_path / "rolecall.toml").write_text(STACK.format(base_url=upstream.base_url))
        run_rolecall(tmp_path, "doctor")
    assert not upstream.asked
