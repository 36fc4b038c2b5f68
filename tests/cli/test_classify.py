"""`rolecall classify`: a prompt, a file of prompts, a request, a recorded decision."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.answers import say
from support.gateway import STACK, Gateway, run_rolecall, start_gateway
from support.http import post
from support.upstream import Upstream

CONFIG = STACK.format(base_url="http://127.0.0.1:9/v1").partition("[routing]")[0]
ODD_PROMPTS = {
    "right to left": "\u05ea\u05e7\u05df \u05d0\u05ea \u05d4\u05d1\u05d0\u05d2 \u202e",
    "emoji": "\U0001f41b\U0001f525 \u200d fix",
    "one character": "a" * 2_000_000,
    "no space": "x/" * 500_000,
    "tags": "<a>" * 20_000 + "fix it" + "</a>" * 20_000,
    "nothing": "",
    "zero byte": "fix\0it",
    "blank": " \n\t ",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "rolecall.toml").write_text(CONFIG)
    return tmp_path


def classified(home: Path, *what: str, code: int = 0) -> Any:
    done = run_rolecall(home, "classify", "--json", *what)
    assert done.returncode == code, done.stderr
    return msgspec.json.decode(done.stdout)


def test_prompt(home: Path) -> None:
    """Kind, role, how sure, the deciding signal and the runner-up."""
    found = classified(home, "review this PR and tell me what could go wrong")
    assert (found["kind"], found["role"], found["signal"]) == ("review", "review", "text.review")
    assert found["sure"]
    assert 0.7 <= found["confidence"] <= 1
    assert found["runner_up"]["role"] != "review"
    said = run_rolecall(home, "classify", "rename foo to bar").stdout.splitlines()
    assert [line.split()[0] for line in said] == [
        *("kind", "role", "confidence", "signal", "runner-up", "words")
    ]
    assert said[1].split() == ["role", "fast"]


def test_file_of_prompts(home: Path) -> None:
    """Each line is answered in its place; the wrong ones are named and the rest is still read."""
    lines = [
        '{"id": "p1", "prompt": "what does this regex do?"}',
        '{"id": 7, "prompt": "ok go on", "turn": 3}',
        "",
        "not JSON",
        "[1]",
        '{"text": "x"}',
        '{"prompt": "half \\ud800"}',
        '"Write unit tests for utils.py"',
    ]
    (home / "p.jsonl").write_text("\n".join(lines))
    found = classified(home, "p.jsonl", code=1)
    assert [one["line"] for one in found] == [1, 2, 4, 5, 6, 7, 8]
    assert [one["kind"] for one in found if "wrong" not in one or one["wrong"] is None] == [
        *("question", "followup", "tests")
    ]
    wrong = [one["wrong"] for one in found if one.get("wrong")]
    assert [text.split(":")[0] for text in wrong] == [
        "is not JSON",
        "is neither an object nor a text",
        "has no `prompt`, and no `messages` or `input` of a request",
        "is not JSON",
    ]
    table = run_rolecall(home, "classify", "p.jsonl")
    assert table.returncode == 1
    assert "7 read: " in table.stdout


def test_text_file_and_standard_input_are_prompts(home: Path) -> None:
    """A file without JSON is one prompt."""
    (home / "prompt.md").write_text("rename foo to bar")
    assert classified(home, "prompt.md")[0]["kind"] == "transform"


def test_request_of_a_client(home: Path) -> None:
    """A body with its headers is read as the gateway would; the dialect is told by its shape."""
    body = {"model": "x", "system": "Name it.", "messages": [{"role": "user", "content": "Hi"}]}
    schema: dict[str, Any] = {"format": {"schema": {"properties": {"title": {}}}}}
    headers = {"User-Agent": "claude-cli/2.1.197 (external, cli)"}
    recorded = {"headers": headers, "body": {**body, "output_config": schema}}
    (home / "r.json").write_bytes(msgspec.json.encode(recorded))
    found = classified(home, "r.json")[0]
    assert (found["client"], found["work"], found["role"]) == ("claude-code", "title", "fast")
    assert found["signal"] == "claude-code.title"


@pytest.mark.parametrize("text", ODD_PROMPTS.values(), ids=ODD_PROMPTS.keys())
def test_odd_prompts_are_read(home: Path, text: str) -> None:
    """Any text is answered with some role."""
    (home / "odd.txt").write_text(text)
    assert classified(home, "odd.txt")[0]["role"] in {"plan", "review", "code", "fast"}


def test_nothing_to_classify(home: Path) -> None:
    """Says what it takes."""
    done = run_rolecall(home, "classify")
    assert done.returncode == 2
    assert done.stderr.startswith("rolecall: say what to classify")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that has answered one turn."""
    with Upstream(say("done")) as upstream:
        config = STACK.format(base_url=upstream.base_url).replace("= 1\n", "= 0.5\n")
        with start_gateway(config, tmp_path_factory.mktemp("recorded")) as gateway:
            said = [{"role": "user", "content": "review this PR and tell me what could go wrong"}]
            body = {"model": "gpt-unknown", "messages": said}
            assert post(gateway.url + "/v1/chat/completions", body).status == 200
            yield gateway


def test_recorded_decision(recorded: Gateway) -> None:
    """What was recognised then, though the words themselves were not kept."""
    found = classified(recorded.home, "--record", "last")
    assert (found["kind"], found["role"], found["source"]) == ("review", "review", "ledger")
    assert found["beginning"] == ""
    gone = recorded.rolecall("classify", "--record", "nothing")
    assert (gone.returncode, gone.stderr.count("\n")) == (1, 1)
    assert "no decision 'nothing'" in gone.stderr
