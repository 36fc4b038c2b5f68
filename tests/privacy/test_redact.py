"""A rule that redacts: the secret stays, the rest may go, and the client sees its own words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.leaks import Sent, chat, says
from privacy.test_leaks import STACK, everything
from rolecall.wire.restore import MARK, Restorer
from support.answers import Answer, Received
from support.gateway import Gateway, start_gateway
from support.http import Got, post
from support.upstream import Upstream

SECRET = "vX7#qLp29zRt!m\\Kw4"  # noqa: S105 (nobody's)
TEXT = f"DB_PASSWORD={SECRET}\n"
RULE = """
[[privacy.rules]]
name = "secrets"
secrets = true
otherwise = "redact"
"""
NAME = MARK + "0123456789abcdef"
PATHS = {
    "openai.chat": "/v1/chat/completions",
    "openai.responses": "/v1/responses",
    "anthropic.messages": "/v1/messages",
    "google.gemini": "/v1beta/models/rolecall/auto:generateContent",
    "ollama.chat": "/api/chat",
}


@pytest.fixture(scope="module")
def redacting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Upstream]]:
    """No local engine: nobody who is allowed can play."""
    with Upstream(_echo) as out:
        config = STACK.format(out=out.base_url, home="http://127.0.0.1:9/v1") + RULE
        config = config.replace('local = ["home/local-model"]', "")
        with start_gateway(config, tmp_path_factory.mktemp("redact")) as gateway:
            yield gateway, out


def _echo(received: Received) -> Answer:
    """A model that says the placeholder again, in the pieces in which a stream brings it."""
    text = everything(received).decode()
    at = text.find(MARK)
    return Answer(text="nothing" if at < 0 else f"use {text[at : at + len(NAME)]} here")


def _body(dialect: str, text: str, *, stream: bool) -> dict[str, Any]:
    more = {"model": "rolecall/auto", "stream": stream}
    match dialect:
        case "openai.responses":
            return {"input": text, **more}
        case "anthropic.messages":
            return {"messages": [says(text)], "max_tokens": 99, **more}
        case "google.gemini":
            return {"contents": [{"role": "user", "parts": [{"text": text}]}]}
    return {"messages": [says(text)], **more}


def _said(answer: Got) -> str:
    """All text of an answer, whole or streamed, put together."""
    if answer.headers["content-type"].startswith("application/json"):
        return json.dumps(answer.json(), ensure_ascii=False)
    told = answer.body.decode().splitlines()
    lines = [line.removeprefix("data:") for line in told if line.startswith(("data:", "{"))]
    return "".join(_delta(json.loads(line)) for line in lines if line.strip() != "[DONE]")


def _delta(event: Any) -> str:
    delta = event.get("delta")
    for choice in event.get("choices") or ():
        delta = choice.get("delta")
    if "message" in event:
        delta = event["message"]
    for candidate in event.get("candidates") or ():
        delta = {"content": "".join(part["text"] for part in candidate["content"]["parts"])}
    if isinstance(delta, dict):
        delta = delta.get("content") or delta.get("text")
    return delta if isinstance(delta, str) else ""


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", list(PATHS))
def test_secret_stays_and_its_place_is_filled_again(
    redacting: tuple[Gateway, Upstream], dialect: str, stream: bool
) -> None:
    gateway, out = redacting
    before = len(out.received)
    path = PATHS[dialect]
    if stream:
        path = path.replace(":generateContent", ":streamGenerateContent?alt=sse")
    answer = post(gateway.url + path, _body(dialect, TEXT, stream=stream))
    assert answer.status == 200
    assert answer.headers["x-rolecall-redacted"] == "1"
    sent = b"".join(map(everything, out.received[before:]))
    assert b"qLp29zRt" not in sent
    assert MARK.encode() in sent
    written = SECRET if stream else json.dumps(SECRET)[1:-1]
    assert f"use {written} here" in _said(answer)
    assert MARK not in _said(answer)


def test_decision_says_so_and_holds_nothing(redacting: tuple[Gateway, Upstream]) -> None:
    gateway, _ = redacting
    answer = post(f"{gateway.url}/v1/chat/completions", chat(says(f"again {TEXT}")))
    told = gateway.rolecall("why", answer.headers["x-rolecall-decision"])
    assert "1 secret replaced by placeholders" in told.stdout
    assert "qLp29zRt" not in json.dumps(gateway.decisions())
    report = gateway.rolecall("privacy", "report").stdout.splitlines()
    assert any(line.split()[:4] == ["none", "secrets", "local", "redacted"] for line in report)


def test_same_secret_has_the_same_placeholder(redacting: tuple[Gateway, Upstream]) -> None:
    gateway, out = redacting
    for text in ("one", "two"):
        post(f"{gateway.url}/v1/chat/completions", chat(says(f"{text} {TEXT}")))
    names = {everything(one).partition(MARK.encode())[2][:16] for one in out.received[-2:]}
    assert len(names) == 1


def test_an_encoded_secret_is_refused(redacting: tuple[Gateway, Upstream]) -> None:
    """What cannot be replaced stays."""
    gateway, out = redacting
    before = len(out.received)
    hidden = "\u200b".join(TEXT)
    sent = Sent(body=chat(says(hidden)))
    assert post(gateway.url + sent.path, sent.body).status == 503
    assert len(out.received) == before


def test_only_secrets_can_be_redacted(tmp_path: Path) -> None:
    stack = STACK.format(out="http://127.0.0.1:9/v1", home="http://127.0.0.1:9/v1")
    rule = stack + RULE.replace("secrets = true", 'terms = ["Falcon"]')
    with pytest.raises(AssertionError, match="redacts, which only a rule with secrets"):
        _started(rule, tmp_path)


def _started(config: str, home: Path) -> None:
    with start_gateway(config, home):
        pass


@given(st.lists(st.sampled_from(["a", " ", NAME, NAME[:7], MARK, "\n"]), max_size=8), st.data())
def test_a_stream_cut_anywhere_is_put_back(parts: list[str], data: st.DataObject) -> None:
    """Deltas and chunks may be cut at any place; what comes out is the text with the secret."""
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    deltas = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    events = [{"choices": [{"index": 0, "delta": {"content": delta}}]} for delta in deltas]
    stream = b"".join(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events)
    stream += b"data: [DONE]\n\n"
    at = data.draw(st.integers(0, len(stream)))
    restorer = Restorer({NAME: SECRET})
    told = restorer.feed(stream[:at]) + restorer.feed(stream[at:]) + restorer.close()
    answer = Got(status=200, headers={"content-type": "text/event-stream"}, body=told)
    assert _said(answer) == text.replace(NAME, SECRET)
    assert told.endswith(b"data: [DONE]\n\n")


def test_arguments_of_a_tool_stay_json() -> None:
    inner = json.dumps({"command": f"login {NAME}"})
    body = {"choices": [{"message": {"tool_calls": [{"function": {"arguments": inner}}]}}]}
    told = json.loads(Restorer({NAME: 'q"\\uote'}).whole(msgspec.json.encode(body)))
    arguments = told["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(arguments)["command"] == 'login q"\\uote'
