"""What passes and what does not: bytes, headers, sizes, encodings, paths."""

from __future__ import annotations

import gzip
import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.conftest import Pair
from gateway.test_forwarding import PATHS, body_for
from support.gateway import STACK, start_gateway
from support.http import get, post
from support.raw_upstream import RawUpstream
from support.upstream import Upstream

MIB = 1024 * 1024
FOREIGN = {
    "anthropic-beta": "context-1m-2025-08-07,fine-grained-tool-streaming-2025-05-14",
    "anthropic-version": "2023-06-01",
    "openai-beta": "responses=experimental",
    "x-codex-turn-metadata": '{"turn_id":"1"}',
    "x-stainless-lang": "js",
    "x-something-new": "  kept, as it is ; q=1",
    "accept": "text/event-stream",
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", PATHS)
def test_request_passes_but_for_the_model(pair: Pair, dialect: str, stream: bool) -> None:
    """Body, query and headers that rolecall knows nothing of reach the provider as they were."""
    body = b'{ "temperature":1.0e0,"new":{"a":[1,2.50]},' + msgspec.json.encode(
        body_for(dialect, stream=stream)
    ).removeprefix(b"{")
    got = post(f"{pair.gateway.url}{PATHS[dialect]}?beta=true&x=%2F&x=2", body, FOREIGN)
    received = pair.upstream.received[-1]
    assert got.body == received.sent
    assert received.body == body.replace(b'"rolecall/auto"', b'"code-model"')
    assert received.query == "beta=true&x=%2F&x=2"
    sent = {name: value.strip() for name, value in FOREIGN.items()}
    assert {name: received.header(name) for name in FOREIGN} == sent
    assert received.header("content-length") == str(len(received.body))


def test_two_headers_of_one_name_both_pass(pair: Pair) -> None:
    """A header that stands twice arrives twice, in its order."""
    host, _, port = pair.gateway.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    body = msgspec.json.encode(body_for("openai.chat"))
    connection.putrequest("POST", PATHS["openai.chat"])
    for name, value in (("X-Two", "1"), ("X-Two", "2"), ("Content-Length", str(len(body)))):
        connection.putheader(name, value)
    connection.endheaders(body)
    assert connection.getresponse().status == 200
    connection.close()
    headers = pair.upstream.received[-1].headers
    assert [value for name, value in headers if name.lower() == "x-two"] == ["1", "2"]


@pytest.mark.parametrize("dialect", PATHS)
def test_chunked_body_arrives_whole(pair: Pair, dialect: str) -> None:
    """A body without a known length goes out with one."""
    body = msgspec.json.encode(body_for(dialect))
    host, _, port = pair.gateway.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    parts = [body[at : at + 7] for at in range(0, len(body), 7)]
    headers = {"transfer-encoding": "chunked"}
    connection.request("POST", PATHS[dialect], iter(parts), headers, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    received = pair.upstream.received[-1]
    assert received.header("transfer-encoding") is None
    assert received.body == body.replace(b"rolecall/auto", b"code-model")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A gateway that takes 1 MiB."""
    home = tmp_path_factory.mktemp("small")
    with Upstream() as upstream:
        config = "[server]\nmax_body_mib = 1\n" + STACK.format(base_url=upstream.base_url)
        with start_gateway(config, home) as gateway:
            yield Pair(gateway=gateway, upstream=upstream)


def sized(dialect: str, size: int) -> bytes:
    head = msgspec.json.encode(body_for(dialect))[:-1] + b',"padding":"'
    return head + b"a" * (size - len(head) - 2) + b'"}'


@pytest.mark.parametrize("dialect", PATHS)
def test_limit_is_the_last_size_that_passes(small: Pair, dialect: str) -> None:
    """A body of exactly the limit passes, one byte more is 413, packed or not."""
    url = small.gateway.url + PATHS[dialect]
    assert post(url, sized(dialect, MIB)).status == 200
    packed = gzip.compress(sized(dialect, MIB))
    assert post(url, packed, {"content-encoding": "gzip"}).status == 200
    asked = len(small.upstream.received)
    larger = sized(dialect, MIB + 1)
    for body, headers in ((larger, {}), (gzip.compress(larger), {"content-encoding": "gzip"})):
        got = post(url, body, headers)
        assert got.status == 413
        assert "larger than 1 MiB" in got.json()["error"]["message"]
        assert ("type" in got.json()) == (dialect == "anthropic.messages")
    assert len(small.upstream.received) == asked


def test_too_large_a_body_can_be_sent_to_its_end(pair: Pair) -> None:
    """Who sends 40 MiB before reading finds the 413, not a connection that was reset."""
    got = post(pair.gateway.url + "/v1/messages", b" " * (40 * MIB))
    assert got.status == 413
    assert got.json()["error"]["type"] == "request_too_large"


@pytest.mark.parametrize("path", [*PATHS.values(), "/v1/messages/count_tokens"])
def test_workspace_may_precede_every_path(pair: Pair, path: str) -> None:
    """A workspace is taken off the path, and the decision names it."""
    dialect = next(name for name, known in PATHS.items() if path.startswith(known))
    got = post(f"{pair.gateway.url}/w/team-1.x_y{path}?a=b", body_for(dialect))
    assert got.status == 200
    received = pair.upstream.received[-1]
    assert (received.path, received.query) == (path, "a=b")
    assert pair.newest()["workspace"] == "team-1.x_y"


def test_counting_tokens_is_recorded_as_such(pair: Pair) -> None:
    """A count is passed on and recorded, and says nothing of usage or cost."""
    body = body_for("anthropic.messages")
    assert post(pair.gateway.url + "/v1/messages/count_tokens", body).status == 200
    newest = pair.newest()
    assert newest["endpoint"] == "count_tokens"
    assert newest["cost"] is None


def test_answer_headers(tmp_path: Path) -> None:
    """A provider's own headers pass; hop-by-hop ones and forged decisions do not."""
    said = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        b"anthropic-ratelimit-requests-remaining: 7\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
        b"Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
        b"Proxy-Authenticate: Basic\r\nX-Rolecall-Role: boss\r\n\r\n{}"
    )
    with RawUpstream([said]) as upstream:
        config = STACK.format(base_url=upstream.base_url)
        with start_gateway(config, tmp_path) as gateway:
            got = post(gateway.url + PATHS["openai.chat"], body_for("openai.chat"))
    assert got.headers["anthropic-ratelimit-requests-remaining"] == "7"
    assert got.headers["x-rolecall-role"] == "code"
    assert {"x-hop", "keep-alive", "proxy-authenticate"}.isdisjoint(got.headers)


@pytest.mark.parametrize("path", ["/v1/models", "/healthz", "/api/hello", "/rolecall/decisions"])
def test_pages_are_served_in_a_workspace_too(pair: Pair, path: str) -> None:
    """Every page answers under `/w/NAME/` as it does without."""
    assert get(f"{pair.gateway.url}/w/x{path}").status == get(pair.gateway.url + path).status == 200


def test_codex_keeps_its_own_models(pair: Pair) -> None:
    """Codex asks with its version; an empty list leaves the catalogue that it ships with."""
    assert get(pair.gateway.url + "/v1/models?client_version=0.98.0").json() == {"models": []}


def test_lists_of_models_name_roles_and_deployments(pair: Pair) -> None:
    """Roles and the stack's deployments stand in both shapes; Anthropic's names its ends."""
    url = pair.gateway.url + "/v1/models"
    openai: dict[str, Any] = get(url).json()
    names = [model["id"] for model in openai["data"]]
    assert {"rolecall/auto", "rolecall/plan", "up/code-model"} <= set(names)
    assert {model["object"] for model in openai["data"]} == {"model"}
    anthropic = get(url, {"anthropic-version": "2023-06-01"}).json()
    assert [model["id"] for model in anthropic["data"]] == names
    assert (anthropic["first_id"], anthropic["last_id"]) == (names[0], names[-1])


@pytest.mark.parametrize(
    "limit", ["0", "1001", "-1", "", "x", "1e2", "%C2%B2", "%D9%A1", "9" * 5000]
)
def test_limit_of_decisions_is_a_plain_number(pair: Pair, limit: str) -> None:
    """What is no number from 1 to 1000 is 400 and says so."""
    got = get(f"{pair.gateway.url}/rolecall/decisions?limit={limit}")
    assert got.status == 400
    assert "give a number from 1 to 1000" in got.json()["error"]["message"]


def test_decision_is_found_by_the_beginning_of_its_id(pair: Pair) -> None:
    """As much of an id as is unique is enough; less is 404 that says so."""
    for _ in range(2):
        post(pair.gateway.url + PATHS["openai.chat"], body_for("openai.chat"))
    newest = pair.gateway.decisions(1)
    assert len(newest) == 1
    identity = newest[0]["id"]
    url = f"{pair.gateway.url}/rolecall/decisions/"
    assert get(url + identity[:-1]).json()["id"] == identity
    several = get(url + identity[0])
    assert several.status == 404
    assert "names several decisions" in several.json()["error"]["message"]
    assert get(url + "%25").status == 404


def test_slash_at_the_end_is_another_path(pair: Pair) -> None:
    """`/v1/models/` is no page: a redirect to it would lose the workspace."""
    assert get(pair.gateway.url + "/w/x/v1/models/").status == 404
