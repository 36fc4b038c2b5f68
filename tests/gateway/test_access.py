"""Who may come in, and that nobody learns the token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.conftest import Pair
from gateway.test_forwarding import PATHS, body_for
from rolecall.errors import AccessError
from rolecall.gateway.access import LOOPBACK, Access
from support.gateway import STACK, run_rolecall, start_gateway
from support.http import get, post
from support.upstream import Upstream

TOKEN = "let-me-in-71"  # noqa: S105 (a test's)
CONFIG = '[server]\ntoken_env = "TOKEN"\n' + STACK.replace('auth = "none"', 'auth = "client"')
SHOWN = [
    {"x-rolecall-token": TOKEN},
    {"x-api-key": TOKEN},
    {"authorization": f"Bearer {TOKEN}"},
]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    home = tmp_path_factory.mktemp("guarded")
    with (
        Upstream() as upstream,
        start_gateway(CONFIG.format(base_url=upstream.base_url), home, {"TOKEN": TOKEN}) as gateway,
    ):
        yield Pair(gateway=gateway, upstream=upstream)


@pytest.mark.parametrize("dialect", PATHS)
def test_without_the_token_nothing_is_sent(guarded: Pair, dialect: str) -> None:
    """No token, a wrong one and a part of it are 401 in the dialect's shape."""
    asked = len(guarded.upstream.received)
    for shown in ({}, {"x-api-key": "wrong"}, {"authorization": f"Bearer {TOKEN[:-1]}"}):
        got = post(guarded.gateway.url + PATHS[dialect], body_for(dialect), shown)
        assert got.status == 401
        assert got.json()["error"]["type"] == "authentication_error"
        assert "x-rolecall-token" in got.json()["error"]["message"]
        assert TOKEN.encode() not in got.body
    assert len(guarded.upstream.received) == asked


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/models", "/rolecall/decisions", "/nothing"])
def test_pages_ask_for_the_token_too(guarded: Pair, path: str) -> None:
    """Nothing but the token opens any page, known or not."""
    assert get(guarded.gateway.url + path).status == 401
    assert get(guarded.gateway.url + path, SHOWN[0]).status == (404 if path == "/nothing" else 200)


@pytest.mark.parametrize("shown", SHOWN)
def test_token_opens_and_goes_no_further(guarded: Pair, shown: dict[str, str]) -> None:
    """However it is shown, no provider sees it, even one that is passed the client's own key."""
    url = guarded.gateway.url + PATHS["anthropic.messages"]
    assert post(url, body_for("anthropic.messages"), shown).status == 200
    values = [value for _, value in guarded.upstream.received[-1].headers]
    assert not any(TOKEN in value for value in values)


def test_clients_own_key_passes_beside_the_token(guarded: Pair) -> None:
    """With `auth = "client"` the client's credentials reach its vendor; cookies do not."""
    own = {"authorization": "Bearer mine", "x-api-key": "my-key", "cookie": "a=b", **SHOWN[0]}
    url = guarded.gateway.url + PATHS["anthropic.messages"]
    assert post(url, body_for("anthropic.messages"), own).status == 200
    received = guarded.upstream.received[-1]
    assert received.header("authorization") == "Bearer mine"
    assert received.header("x-api-key") == "my-key"
    assert received.header("cookie") is None


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 0),
        ("LOCALHOST:4141", 0),
        ("127.0.0.1:1", 0),
        ("[::1]:4141", 0),
        ("", 421),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("evil.example:127.0.0.1", 421),
        ("localhost@evil.example", 421),
    ],
)
def test_only_names_of_this_machine(host: str, status: int) -> None:
    """Without a token a `Host` names this machine and nothing else."""
    access = Access(hosts=LOOPBACK)
    if status == 0:
        access.check({"host": host})
        return
    with pytest.raises(AccessError, match="allowed_hosts") as refused:
        access.check({"host": host})
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("origin", "foreign"),
    [
        ("https://evil.example", True),
        ("http://localhost.evil.example", True),
        ("http://127.0.0.1:3000", False),
        ("http://[::1]:3000", False),
        ("null", True),
        ("http://[", True),
        ("", False),
        ("vscode-webview://1", False),
        ("file://", False),
    ],
)
def test_pages_of_the_web_stay_out(origin: str, foreign: bool) -> None:
    """A page's origin is refused, token or not; an editor's and this machine's are not."""
    access = Access(token=TOKEN, hosts=LOOPBACK)
    headers = {"host": "localhost", "origin": origin, "x-api-key": TOKEN}
    if not foreign:
        access.check(headers)
        return
    with pytest.raises(AccessError, match="web pages") as refused:
        access.check(headers)
    assert refused.value.status == 403


def test_beyond_this_machine_any_host_but_not_without_the_token(tmp_path: Path) -> None:
    """On all addresses a machine has names we cannot know; the token stands in for them."""
    with Upstream() as upstream:
        config = CONFIG.replace("[server]\n", '[server]\nhost = "0.0.0.0"\n')
        config = config.format(base_url=upstream.base_url)
        with start_gateway(config, tmp_path, {"TOKEN": TOKEN}) as gateway:
            url = gateway.url.replace("0.0.0.0", "127.0.0.1") + "/v1/models"  # noqa: S104
            assert get(url, {"host": "team.example"}).status == 401
            assert get(url, {"host": "team.example", **SHOWN[0]}).status == 200


def test_allowed_hosts_add_to_this_machines_names(tmp_path: Path) -> None:
    """A name of one's own opens; others stay foreign."""
    with Upstream() as upstream:
        config = '[server]\nallowed_hosts = ["Box.Lan"]\n' + STACK
        with start_gateway(config.format(base_url=upstream.base_url), tmp_path) as gateway:
            url = gateway.url + "/v1/models"
            assert get(url, {"host": "box.lan:80"}).status == 200
            assert get(url, {"host": "localhost"}).status == 200
            assert get(url, {"host": "other.lan"}).status == 421


def test_open_to_others_without_a_token_is_refused(tmp_path: Path) -> None:
    """`rolecall up` on all addresses without a token says what is missing, and exits with 2."""
    (tmp_path / "rolecall.toml").write_text(STACK.format(base_url="http://127.0.0.1:9/v1"))
    ended = run_rolecall(tmp_path, "up", "--host", "0.0.0.0", "--port", "0")  # noqa: S104
    assert ended.returncode == 2
    assert "token_env" in ended.stderr
