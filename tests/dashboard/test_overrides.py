"""What people override on the page is followed, recorded, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from support.answers import say
from support.gateway import STACK, Gateway, start_gateway
from support.http import Got, get, post, request
from support.upstream import Upstream

FORM = {"content-type": "application/x-www-form-urlencoded"}
TURN = {
    "model": "rolecall/auto",
    "max_tokens": 1000,
    "metadata": {"user_id": '{"session_id": "s1"}'},
    "messages": [{"role": "user", "content": "go"}],
    "tools": [{"name": "Bash", "description": "", "input_schema": {"type": "object"}}],
}
CLAUDE = {"user-agent": "claude-cli/2.1.197 (external, cli)"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with (
        Upstream(say("Done.")) as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as found,
    ):
        yield found


def send(gateway: Gateway, path: str, fields: dict[str, str], **headers: str) -> Got:
    body = urlencode(fields).encode()
    return request("POST", gateway.url + path, headers=FORM | headers, body=body)


def ask(gateway: Gateway) -> dict[str, str]:
    """One more request of the session; the headers of its answer."""
    found = post(f"{gateway.url}/v1/messages", TURN, CLAUDE)
    assert found.status == 200
    return found.headers


def test_a_session_is_pinned_to_a_role_and_let_go(gateway: Gateway) -> None:
    """The next request plays the pinned role and says who pinned it; replay agrees."""
    assert ask(gateway)["x-rolecall-role"] == "code"
    fields = {"sort": "role", "subject": "s1", "value": "plan", "back": "/sessions/s1"}
    done = send(gateway, "/overrides", fields)
    assert (done.status, done.headers["location"]) == (303, "/sessions/s1")
    headers = ask(gateway)
    assert headers["x-rolecall-role"] == "plan"
    newest = gateway.json(f"/rolecall/decisions/{headers['x-rolecall-decision']}")
    assert "pinned to plan by hand" in newest["decision"]["reason"]["says"]
    assert b"is pinned to plan" in get(gateway.url, {"accept": "text/html"}).body
    send(gateway, "/overrides/end", {"sort": "role", "subject": "s1"})
    assert ask(gateway)["x-rolecall-role"] == "code"
    replayed = gateway.rolecall("replay")
    assert (replayed.returncode, replayed.stdout) == (0, "3 decisions replayed, 0 differ\n")


def test_a_pinned_role_outlives_a_restart(tmp_path: Path) -> None:
    """It stands in the ledger."""
    with Upstream(say("Done.")) as upstream:
        config = STACK.format(base_url=upstream.base_url)
        with start_gateway(config, tmp_path) as first:
            send(first, "/overrides", {"sort": "role", "subject": "s1", "value": "review"})
        with start_gateway(config, tmp_path) as second:
            assert ask(second)["x-rolecall-role"] == "review"


def test_a_deployment_is_left_alone_for_an_hour(gateway: Gateway) -> None:
    """It is rejected with the hour at which that ends, like one that is unwell."""
    fields = {"sort": "alone", "subject": "up/code-model", "hours": "1"}
    assert send(gateway, "/overrides", fields).status == 303
    found = post(f"{gateway.url}/v1/messages", TURN, CLAUDE)
    assert found.status == 503
    assert b"left alone until" in found.body
    assert b"by hand" in found.body
    send(gateway, "/overrides/end", {"sort": "alone", "subject": "up/code-model"})
    assert ask(gateway)["x-rolecall-deployment"] == "up/code-model"


def test_an_end_that_was_acknowledged_says_by_whom_and_when(tmp_path: Path) -> None:
    """And the first page no longer counts it."""
    stack = '[roles]\ncode = ["openai/gpt-5.2-codex"]\n[catalogue]\nnotice_days = 3650\n'
    with start_gateway(stack, tmp_path, {"OPENAI_API_KEY": "unused"}) as gateway:
        before = gateway.json("/?format=json")["data"]["notices"]
        ahead = gateway.json("/catalogue?format=json")["data"]["ahead"]
        assert before == len(ahead) == 1
        send(gateway, "/overrides", {"sort": "seen", "subject": ahead[0]["subject"]})
        assert gateway.json("/?format=json")["data"]["notices"] == 0
        assert gateway.json("/catalogue?format=json")["data"]["ahead"][0]["seen"]["at"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"sort": "role", "subject": "s1", "value": "king"}, b"is no role"),
        ({"sort": "alone", "subject": "up/nobody"}, b"is no deployment"),
        ({"sort": "alone", "subject": "up/code-model", "hours": "nan"}, b"hours is"),
        ({"sort": "alone", "subject": "up/code-model", "hours": "-1"}, b"hours is"),
        ({"sort": "drop"}, b"sort is"),
        ({"sort": "role", "value": "plan"}, b"subject is missing"),
        ({"sort": "role", "subject": "x" * 501, "value": "plan"}, b"subject is missing"),
    ],
)
def test_a_form_that_makes_no_sense_changes_nothing(
    gateway: Gateway, fields: dict[str, str], says: bytes
) -> None:
    """It is answered with what is wrong and what to give."""
    found = send(gateway, "/overrides", fields)
    assert found.status == 400
    assert says in found.body
    assert gateway.json("/?format=json")["data"]["overrides"] == []


def test_a_page_from_elsewhere_changes_nothing(gateway: Gateway) -> None:
    """Neither a foreign site nor another program's page on this machine."""
    fields = {"sort": "role", "subject": "s1", "value": "plan"}
    for origin in ("https://evil.example", "http://localhost:3000", "null"):
        assert send(gateway, "/overrides", fields, origin=origin).status == 403
    assert gateway.json("/?format=json")["data"]["overrides"] == []
    assert send(gateway, "/overrides", fields, origin=gateway.url).status == 303


def test_a_form_leads_back_to_this_gateway_alone(gateway: Gateway) -> None:
    """An address elsewhere in `back` is not followed."""
    for back in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        fields = {"sort": "role", "subject": "s1", "value": "plan", "back": back}
        assert send(gateway, "/overrides", fields).headers["location"] == "/"


def test_with_a_token_a_browser_is_asked_for_it_once(tmp_path: Path) -> None:
    """A cookie holds it from then on; who has a token of a name is named in what they change."""
    with Upstream(say("Done.")) as upstream:
        config = STACK.format(base_url=upstream.base_url) + '\n[server.people]\nada = "ADA"\n'
        with start_gateway(config, tmp_path, {"ADA": "adas-own-token"}) as gateway:
            asked = get(gateway.url, {"accept": "text/html"})
            assert asked.status == 401
            assert b'name="token"' in asked.body
            assert get(gateway.url).status == 401
            assert get(f"{gateway.url}/static/page.css").status == 200
            assert send(gateway, "/overrides", {"sort": "role"}).status == 401
            assert send(gateway, "/login", {"token": "wrong"}).status == 401
            entered = send(gateway, "/login", {"token": "adas-own-token"})
            assert entered.status == 303
            cookie = entered.headers["set-cookie"]
            assert "HttpOnly" in cookie
            assert "samesite=strict" in cookie.lower()
            kept = {"cookie": cookie.partition(";")[0]}
            assert get(gateway.url, {"accept": "text/html", **kept}).status == 200
            fields = {"sort": "role", "subject": "s1", "value": "plan"}
            assert send(gateway, "/overrides", fields, **kept).status == 303
            found = get(f"{gateway.url}/?format=json", kept).json()
            assert found["data"]["overrides"][0]["person"] == "ada"
            assert get(gateway.url, {"cookie": "rolecall_token=%%%"}).status == 401
