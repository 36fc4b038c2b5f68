"""What a record says of a call: counts, cost, times, attempts; and what it never says."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.test_forwarding import PATHS, body_for
from support.answers import Answer, Tokens, ToolCall
from support.gateway import STACK, Gateway, start_gateway
from support.http import post
from support.upstream import Upstream

TOKENS = Tokens(input=1000, output=50, cache_read=300, cache_write=200, reasoning=20)
PRICED = (
    STACK
    + """
[models."up/code-model"]
input_price = 3
output_price = 15.5
cache_read_price = 0.3
"""
)
COST = Decimal("0.002965")
"""(500 fresh + 200 written) x 3 + 300 read x 0.3 + 50 x 15.5, in USD per million tokens."""
NAMES = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_write_input_tokens")


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Upstream]]:
    home = tmp_path_factory.mktemp("priced")
    with (
        Upstream() as upstream,
        start_gateway(PRICED.format(base_url=upstream.base_url), home) as gateway,
    ):
        yield gateway, upstream


def ask(gateway: Gateway, dialect: str, **more: Any) -> dict[str, Any]:
    """The whole decision of one answered request."""
    options = {"stream_options": {"include_usage": True}} if dialect == "openai.chat" else {}
    got = post(gateway.url + PATHS[dialect], body_for(dialect, **options) | more)
    assert got.status == 200
    path = f"/rolecall/decisions/{got.headers['x-rolecall-decision']}"
    return gateway.json(path)  # type: ignore[no-any-return] # JSON


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", PATHS)
def test_counts_and_cost_of_every_dialect(priced: Any, dialect: str, stream: bool) -> None:
    """All four counts, whatever a dialect calls them, and what they cost to the last digit."""
    gateway, upstream = priced
    upstream.script = lambda _: Answer(text="Done.", tokens=TOKENS)
    found = ask(gateway, dialect, stream=stream)
    assert [found["usage"][name] for name in NAMES] == [1000, 50, 300, 200]
    assert isinstance(found["cost"], str)
    assert Decimal(found["cost"]) == COST
    assert found["tries"][0]["response_model"] == "code-model"


@pytest.mark.parametrize("dialect", PATHS)
def test_unknown_price_is_null(priced: Any, dialect: str) -> None:
    """A deployment whose price nobody said costs an unknown sum, not nothing."""
    gateway, _ = priced
    found = ask(gateway, dialect, model="rolecall/fast")
    assert found["deployment"] == "up/fast-model"
    assert found["usage"] is not None
    assert found["cost"] is None


def test_own_machine_costs_nothing(tmp_path: Path) -> None:
    """An engine that is not billed costs 0, which is known."""
    with Upstream() as upstream:
        config = STACK.replace('auth = "none"', 'auth = "none"\nbilled = false')
        with start_gateway(config.format(base_url=upstream.base_url), tmp_path) as gateway:
            assert ask(gateway, "openai.chat")["cost"] == "0"


def test_stream_without_usage_has_none(priced: Any) -> None:
    """A chat stream that was not asked for usage reports none: unknown, and so is the cost."""
    gateway, _ = priced
    got = post(gateway.url + PATHS["openai.chat"], body_for("openai.chat", stream=True))
    found = gateway.json(f"/rolecall/decisions/{got.headers['x-rolecall-decision']}")
    assert (found["usage"], found["cost"]) == (None, None)


def test_times_are_those_of_the_answer(priced: Any) -> None:
    """Time to the first chunk, of the attempt and of the whole, in seconds and in that order."""
    gateway, upstream = priced
    upstream.script = lambda _: Answer(text="a b", first_byte_after=0.2, event_every=0.05)
    found = ask(gateway, "anthropic.messages", stream=True)
    attempt = found["tries"][0]
    assert 0.2 <= attempt["time_to_first_chunk"] < attempt["total"] <= found["total"] < 5
    assert attempt["total"] >= 0.4
    assert found["at"] <= attempt["started"]


def test_every_attempt_is_kept(tmp_path: Path) -> None:
    """Each call has its line, in order, with what it said; only the last one is charged."""
    with Upstream() as bad, Upstream() as good:
        bad.script = lambda _: Answer(fault="500")
        config = PRICED.replace("[roles]", '[providers.bad]\nbase_url = "{bad}"\n[roles]', 1)
        config = config.replace('code = ["up/', 'code = ["bad/x", "bad/y", "up/')
        config = config.replace(
            '"{bad}"', f'"{bad.base_url}"\ndialects = ["openai.chat"]\nauth = "none"'
        )
        with start_gateway(config.format(base_url=good.base_url), tmp_path) as gateway:
            good.script = lambda _: Answer(tokens=TOKENS)
            found = ask(gateway, "openai.chat")
    tries = [(one["deployment"], one["outcome"], one["status"]) for one in found["tries"]]
    assert tries == [
        ("bad/x", "error-status", 500),
        ("bad/y", "error-status", 500),
        ("up/code-model", "answered", 200),
    ]
    assert Decimal(found["cost"]) == COST
    assert found["attempts"] == 3


CANARIES = {
    name: f"canary{name}7f3a"
    for name in ("prompt", "system", "key", "cookie", "answer", "reasoning", "argument", "result")
}


def test_nothing_that_was_said_is_written_anywhere(tmp_path: Path) -> None:
    """No prompt, answer, tool argument or key is in the ledger, its WAL, stdout or stderr."""
    call = ToolCall(name="edit", arguments={"text": CANARIES["argument"]})
    answer = Answer(
        text=CANARIES["answer"], reasoning=CANARIES["reasoning"], tool_calls=(call,), pieces=1
    )
    keys = {"authorization": f"Bearer {CANARIES['key']}", "cookie": CANARIES["cookie"]}
    with Upstream(lambda _: answer) as upstream:
        with start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as gateway:
            for dialect in PATHS:
                url = gateway.url + PATHS[dialect]
                for stream in (False, True):
                    got = post(url, telling(dialect, stream), keys)
                    assert CANARIES["answer"].encode() in got.body
                post(url, b'{"model":"' + CANARIES["prompt"].encode() + b"\xff", keys)
                post(url, b'{"model":1,"messages":"' + CANARIES["prompt"].encode() + b'"}', keys)
            upstream.script = lambda _: Answer(status=400, text=CANARIES["answer"])
            post(gateway.url + PATHS["openai.chat"], telling("openai.chat", stream=False), keys)
            files = list((tmp_path / "data").rglob("*"))
            assert any(path.name.endswith("-wal") for path in files)
            _look(path for path in tmp_path.rglob("*") if path.is_file())
            said = gateway
        _look(path for path in tmp_path.rglob("*") if path.is_file())
    assert not any(canary in said.said for canary in CANARIES.values())


def _look(paths: Iterator[Path]) -> None:
    for path in paths:
        content = path.read_bytes()
        found = [name for name, canary in CANARIES.items() if canary.encode() in content]
        assert found == [], path


def telling(dialect: str, stream: bool) -> dict[str, Any]:
    """A request with a canary wherever something is said."""
    said: list[dict[str, Any]] = [
        {"role": "system", "content": CANARIES["system"]},
        {"role": "user", "content": [{"type": "text", "text": CANARIES["prompt"]}]},
        {"role": "assistant", "content": CANARIES["argument"]},
        {"role": "tool", "content": CANARIES["result"], "tool_call_id": "c"},
    ]
    key = "input" if dialect == "openai.responses" else "messages"
    top = {"system": CANARIES["system"], "instructions": CANARIES["system"]}
    return body_for(dialect, stream=stream) | {key: said} | top
