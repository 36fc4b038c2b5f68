"""A session that moves to another model takes along what that can read, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rolecall.types import Dialect
from support.answers import Answer, Received, ToolCall
from support.gateway import Gateway, start_gateway
from support.http import Got, post
from support.upstream import Upstream

STACK = """
[providers.a]
base_url = "{a}"
dialects = ["{spoken_a}"]
auth = "none"

[providers.b]
base_url = "{b}"
dialects = ["{spoken_b}"]
auth = "none"

[roles]
code = ["a/code-model"]
plan = ["b/plan-model"]
"""
Script = Callable[[Received], Answer]
MESSAGES: Dialect = "anthropic.messages"
RESPONSES: Dialect = "openai.responses"
SIGNS = (b'"signature"', b'"encrypted_content"')


def thinks(received: Received) -> Answer:
    """Think, and call a tool until its result is there."""
    done = b"tool_result" in received.body or b"call_output" in received.body
    calls = () if done else (ToolCall(name="read", arguments={"path": "a.py"}),)
    return Answer(text="Well.", reasoning="a thought", tool_calls=calls)


def refuses(received: Received) -> Answer:
    """As a provider does that meets reasoning it has not made."""
    if any(sign in received.body for sign in SIGNS):
        return Answer(status=400, text="messages.1: Invalid `signature` in `thinking` block")
    return Answer(text="Planned.")


@contextmanager
def house(folder: Path, spoken: tuple[Dialect, Dialect], b: Script = refuses) -> Iterator[House]:
    with Upstream(thinks) as first, Upstream(b) as second:
        config = STACK.format(
            a=first.base_url, b=second.base_url, spoken_a=spoken[0], spoken_b=spoken[1]
        )
        with start_gateway(config, folder) as gateway:
            yield House(gateway, first, second)


class House(msgspec.Struct):
    gateway: Gateway
    a: Upstream
    b: Upstream

    def messages(self, history: list[Any], role: str = "auto", **more: Any) -> Got:
        body = {"model": "rolecall/auto", "max_tokens": 99, "messages": history, **more}
        headers = {"x-session-id": "s-1", "x-rolecall-role": role}
        return post(f"{self.gateway.url}/v1/messages", body, headers)

    def responses(self, history: list[Any], role: str = "auto", **more: Any) -> Got:
        body = {"model": "rolecall/auto", "input": history, **more}
        headers = {"x-session-id": "s-1", "x-rolecall-role": role}
        return post(f"{self.gateway.url}/v1/responses", body, headers)

    def newest(self) -> Any:
        found = self.gateway.decisions(1)[0]
        return self.gateway.json(f"/rolecall/decisions/{found['id']}")


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def turn(there: House) -> list[Any]:
    """One turn with a tool call, at the first of the two."""
    history: list[Any] = [user("do it")]
    answer = there.messages(history).json()
    call = next(block for block in answer["content"] if block["type"] == "tool_use")
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "x = 1"}
    history += [{"role": "assistant", "content": answer["content"]}]
    history += [{"role": "user", "content": [result]}]
    last = there.messages(history).json()
    return [*history, {"role": "assistant", "content": last["content"]}, user("now plan")]


def test_signed_thoughts_stay_where_they_were_made(tmp_path: Path) -> None:
    """In the loop they go along; to another model the session moves without, and says so."""
    with house(tmp_path, (MESSAGES, MESSAGES)) as there:
        history = turn(there)
        assert b'"signature"' in there.a.asked[1].body
        got = there.messages(history, "plan")
        assert got.status == 200
        assert len(there.b.asked) == 1
        losses = there.newest()["decision"]["cascade"][0]["losses"]
        assert losses == ["reasoning of another model is left out: only its maker can read it"]
        sent = there.b.asked[0].json["messages"]
        assert [one["role"] for one in sent] == [one["role"] for one in history]


@pytest.mark.parametrize("in_loop", [False, True])
def test_a_session_that_moves_thinks_on_from_its_next_turn(
    tmp_path: Path, *, in_loop: bool
) -> None:
    """Only a tool loop whose thinking is gone goes on without: a new turn begins its own."""
    thinking = {"type": "enabled", "budget_tokens": 2048}
    with house(tmp_path, (MESSAGES, MESSAGES)) as there:
        history = turn(there)
        asked = history[:3] if in_loop else history
        with start_gateway((tmp_path / "rolecall.toml").read_text(), tmp_path) as again:
            anew = House(again, there.a, there.b)
            assert anew.messages(asked, "plan", thinking=thinking).status == 200
    assert ("thinking" in there.b.asked[-1].json) is not in_loop


def test_after_a_restart_a_session_goes_on_as_it_was(tmp_path: Path) -> None:
    """The ledger still knows who thought what: it is left out, and nobody has to refuse it."""
    with house(tmp_path, (MESSAGES, MESSAGES)) as there:
        history = turn(there)
        config = (tmp_path / "rolecall.toml").read_text()
        with start_gateway(config, tmp_path) as again:
            anew = House(again, there.a, there.b)
            assert anew.messages(history, "plan").status == 200
            assert [one["status"] for one in anew.newest()["tries"]] == [200]


def test_a_refusal_is_not_the_users_where_the_ledger_is_another(tmp_path: Path) -> None:
    """The gateway does not know who thought what: it asks again without, and records both."""
    with house(tmp_path, (MESSAGES, MESSAGES)) as there:
        history = turn(there)
        config = (tmp_path / "rolecall.toml").read_text()
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        with start_gateway(config, elsewhere) as again:
            anew = House(again, there.a, there.b)
            assert anew.messages(history, "plan").status == 200
            tries = anew.newest()["tries"]
        assert [one["status"] for one in tries] == [400, 200]
        assert "without it" in tries[0]["detail"]


def test_another_400_is_passed_on_as_it_is(tmp_path: Path) -> None:
    """Only a refusal of reasoning is asked again."""
    refusal = Answer(status=400, text="prompt is too long")
    with house(tmp_path, (MESSAGES, MESSAGES), lambda _: refusal) as there:
        thought = {"type": "thinking", "thinking": "x", "signature": "c2ln"}
        said = {"role": "assistant", "content": [thought, {"type": "text", "text": "ok"}]}
        got = there.messages([user("do it"), said, user("go on")], "plan")
        assert (got.status, len(there.b.asked)) == (400, 1)
        assert got.json()["error"]["message"] == "prompt is too long"


@pytest.mark.parametrize("spoken", [RESPONSES, "openai.chat"])
def test_thoughts_of_another_dialect_come_back_to_their_maker(
    tmp_path: Path, spoken: Dialect
) -> None:
    """A client of Messages keeps what only the other dialect's model can read."""
    with house(tmp_path, (spoken, MESSAGES)) as there:
        history = turn(there)
        if spoken == RESPONSES:
            made = [one for one in there.a.asked[1].json["input"] if one.get("type") == "reasoning"]
            assert [one["encrypted_content"] for one in made] == ["YSB0aG91Z2h0"]
        got = there.messages(history, "plan")
        assert got.status == 200
        assert b"rolecall.v1." not in there.b.asked[0].body


def test_a_conversation_that_a_provider_keeps_goes_on_there(tmp_path: Path) -> None:
    """`previous_response_id` is a lock: the others are rejected, whatever role is asked for."""
    with house(tmp_path, (RESPONSES, RESPONSES)) as there:
        first = there.responses([user("hello")]).json()["id"]
        got = there.responses([user("go on")], "plan", previous_response_id=first)
        assert got.headers["x-rolecall-deployment"] == "a/code-model"
        rejected = there.newest()["decision"]["rejections"]
        assert [one["deployment"] for one in rejected] == ["b/plan-model"]
        assert rejected[0]["reason"] == "held"
        assert there.a.asked[-1].json["previous_response_id"] == first
