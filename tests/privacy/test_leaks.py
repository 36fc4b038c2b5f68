"""Nothing of a private request reaches a provider outside; and each case could have shown it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from privacy.leaks import CANARY, CASES, Case, Sent, chat, says
from support.answers import Answer, Received
from support.gateway import Gateway, start_gateway
from support.http import Got, get, post
from support.raw_upstream import RawUpstream
from support.upstream import Upstream

STACK = """
[providers.out]
base_url = "{out}"
dialects = ["openai.chat", "openai.responses", "anthropic.messages"]
auth = "none"

[providers.home]
base_url = "{home}"
dialects = ["openai.chat", "openai.responses", "anthropic.messages"]
zone = "local"
auth = "none"

[roles]
plan = ["out/plan-model"]
review = ["out/review-model"]
code = ["out/code-model", "out/other-model"]
fast = ["out/fast-model"]
local = ["home/local-model"]
"""
RULE = f"""
[[privacy.rules]]
name = "kestrel"
terms = ["{CANARY}"]
"""


class Place(Struct):
    """A gateway between a provider outside and an engine at home."""

    gateway: Gateway
    out: Upstream
    home: Upstream

    def send(self, sent: Sent) -> Got:
        return post(self.gateway.url + sent.path, sent.body, sent.headers)

    def gateway_json(self, path: str, headers: dict[str, str]) -> Any:
        return get(self.gateway.url + path, headers).json()


def place(home: Path, rules: str, env: dict[str, str] | None = None) -> Iterator[Place]:
    with Upstream() as out, Upstream() as local:
        config = STACK.format(out=out.base_url, home=local.base_url) + rules
        with start_gateway(config, home, env) as gateway:
            yield Place(gateway=gateway, out=out, home=local)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from place(tmp_path_factory.mktemp("guarded"), RULE)


@pytest.fixture(scope="module")
def open_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from place(tmp_path_factory.mktemp("open"), "")


def everything(received: Received) -> bytes:
    """All that came: address, headers, body."""
    address = f"{received.path}?{received.query}\n{received.headers}\n"
    return address.encode() + received.body


def told(upstream: Upstream, before: int, case: Case) -> bool:
    """Whether one of the telling byte strings came since `before`."""
    came = [everything(received) for received in upstream.received[before:]]
    return any(show in text for show in case.shows for text in came)


def apart(case: Case, number: int) -> list[Sent]:
    """The case's requests under a session id of their own."""
    return [
        Sent(
            body=sent.body,
            path=sent.path,
            headers={
                k: f"{v}-{number}" if k.endswith("session-id") else v
                for k, v in sent.headers.items()
            },
        )
        for sent in case.sent
    ]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_nothing_gets_out(guarded: Place, case: Case) -> None:
    out, home = len(guarded.out.received), len(guarded.home.received)
    answers = [guarded.send(sent) for sent in apart(case, CASES.index(case))]
    assert not told(guarded.out, out, case)
    assert answers[-1].status == 200
    assert answers[-1].headers["x-rolecall-zone"] == "local"
    assert len(guarded.home.received) > home


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_case_would_show_without_the_rule(open_place: Place, case: Case) -> None:
    """The mutation: with the rule taken away the same requests do get out."""
    out = len(open_place.out.received)
    for sent in apart(case, CASES.index(case)):
        open_place.send(sent)
    assert told(open_place.out, out, case)


def test_what_is_not_private_still_goes_out(guarded: Place) -> None:
    before = len(guarded.out.received)
    answer = guarded.send(Sent(body=chat(says("an ordinary request"))))
    assert answer.headers["x-rolecall-zone"] == "any"
    assert len(guarded.out.received) == before + 1


@pytest.mark.parametrize("fault", ["429", "500", "refuse", "cut-stream", "malformed-event"])
def test_a_fault_at_home_sends_nothing_out(guarded: Place, fault: str) -> None:
    """Where home fails the client is told; nobody else is asked."""
    before = len(guarded.out.received)
    guarded.home.script = lambda _: Answer(text="x", fault=fault)  # type: ignore[arg-type]
    try:
        for stream in (False, True):
            body = chat(says(f"{fault} {CANARY}"), stream=stream)
            guarded.send(Sent(body=body))
    finally:
        guarded.home.script = lambda _: Answer(text="Done.")
    assert len(guarded.out.received) == before


def test_a_refusal_says_the_rule_and_the_mend(tmp_path: Path) -> None:
    with Upstream() as out:
        config = STACK.format(out=out.base_url, home="http://127.0.0.1:9/v1") + RULE
        config = config.replace('local = ["home/local-model"]', "")
        with start_gateway(config, tmp_path) as gateway:
            answer = post(f"{gateway.url}/v1/chat/completions", chat(says(CANARY)))
        assert not out.received
    said = answer.json()["error"]["message"]
    assert answer.status == 503
    assert "the rule kestrel keeps this request in local" in said
    assert "[roles] local" in said
    assert CANARY not in said


def test_a_session_stays_private_over_a_restart_until_it_is_cleared(tmp_path: Path) -> None:
    session = {"x-session-id": "long"}
    later = Sent(body=chat(says("go on then")), headers=session)
    with Upstream() as out, Upstream() as home:
        config = STACK.format(out=out.base_url, home=home.base_url) + RULE
        with start_gateway(config, tmp_path) as gateway:
            post(f"{gateway.url}{later.path}", chat(says(CANARY)), session)
            gateway.kill()
        with start_gateway(config, tmp_path) as gateway:
            post(f"{gateway.url}{later.path}", later.body, session)
            assert not out.received
            done = gateway.rolecall("privacy", "clear", "long", "--why", "a false alarm")
            assert done.returncode == 0, done.stderr
            end = time.monotonic() + 10
            while not out.received and time.monotonic() < end:
                post(f"{gateway.url}{later.path}", later.body, session)
                time.sleep(0.1)
            assert out.received
            assert CANARY.encode() not in b"".join(map(everything, out.received))


def test_nothing_of_it_is_at_rest(guarded: Place) -> None:
    """Neither the ledger nor what is printed holds the canary."""
    guarded.send(Sent(body=chat(says(f"remember {CANARY}"))))
    for path in guarded.gateway.home.rglob("*"):
        if path.is_file() and path.name != "rolecall.toml":
            assert CANARY.encode() not in path.read_bytes(), path
    newest = json.dumps(guarded.gateway.decisions(1))
    assert CANARY not in newest


def test_an_engine_at_home_that_redirects_is_not_followed(tmp_path: Path) -> None:
    with Upstream() as out:
        answer = f"HTTP/1.1 307 Gone\r\nlocation: {out.base_url}/chat/completions\r\n"
        with RawUpstream([f"{answer}content-length: 0\r\n\r\n".encode()]) as home:
            config = STACK.format(out=out.base_url, home=home.base_url) + RULE
            with start_gateway(config, tmp_path) as gateway:
                got = post(f"{gateway.url}/v1/chat/completions", chat(says(CANARY)))
        assert got.status == 502
        assert "redirects are not followed" in got.json()["error"]["message"]
        assert not out.received


def test_a_model_in_the_cloud_of_a_local_engine_is_not_asked(tmp_path: Path) -> None:
    with Upstream() as out, Upstream() as home:
        config = STACK.format(out=out.base_url, home=home.base_url) + RULE
        config = config.replace("home/local-model", "home/glm-5:cloud")
        with start_gateway(config, tmp_path) as gateway:
            got = post(f"{gateway.url}/v1/chat/completions", chat(says(CANARY)))
        assert got.status == 503
        assert "runs on its vendor's servers" in got.json()["error"]["message"]
        assert not [*out.received, *home.received]


def test_sessions_at_once_that_share_an_id(tmp_path: Path) -> None:
    """Whichever comes first: the canary never gets out, and then nothing of that id."""
    session = {"x-session-id": "shared"}
    texts = [f"request {n} {CANARY if n % 5 == 0 else 'plain'}" for n in range(30)]
    with contextmanager(place)(tmp_path, RULE) as there:

        def send(text: str) -> int:
            return there.send(Sent(body=chat(says(text)), headers=session)).status

        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(send, texts)) == {200}
        assert send("after all of them") == 200
        came = [everything(one) for one in there.out.received]
    assert not any(CANARY.encode() in text or b"after all" in text for text in came)


def test_what_is_refused_is_not_at_rest_either(guarded: Place) -> None:
    """A body that is no JSON, one that does not fit, and a model that is none."""
    for body in (f"{{{CANARY}".encode(), {"messages": CANARY}, {"model": CANARY * 60}):
        assert guarded.send(Sent(body=body)).status == 400
    for path in guarded.gateway.home.rglob("*"):
        if path.is_file() and path.name != "rolecall.toml":
            assert CANARY.encode() not in path.read_bytes(), path


@pytest.mark.skipif(not Path("/proc").exists(), reason="limits of a process are read in /proc")
def test_a_crash_leaves_no_core_dump(guarded: Place) -> None:
    """It would hold all that is in memory."""
    text = Path(f"/proc/{guarded.gateway.process.pid}/limits").read_text()
    line = next(line for line in text.splitlines() if line.startswith("Max core file size"))
    assert line.split()[4:6] == ["0", "0"]
