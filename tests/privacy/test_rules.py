"""Which rule holds for which request, through a running gateway."""

from __future__ import annotations

import base64
import gzip
import random
import string
from collections.abc import Iterator
from typing import Any

import pytest

from privacy.leaks import Sent, chat, says
from privacy.test_leaks import Place, place
from support.http import Got

RULES = """
[server.people]
alice = "ALICE_TOKEN"
bob = "BOB_TOKEN"

[workspaces.acme]
path = "/home/a/acme"
remote = "git@code.example:acme/shop.git"

[workspaces.site]
path = "/home/a/site"

[[privacy.rules]]
name = "exception"
workspaces = ["site"]
zones = ["any"]

[[privacy.rules]]
name = "acme"
repositories = ["code.example/acme/*"]

[[privacy.rules]]
name = "alice"
people = ["alice"]

[[privacy.rules]]
name = "production"
paths = ["infra/prod/**", "*.pem"]

[[privacy.rules]]
name = "secrets"
secrets = true

[[privacy.rules]]
name = "numbers"
patterns = ['ACME-\\\\d{6}']
""".replace("\\\\", "\\")
TOKENS = {"ALICE_TOKEN": "a-token-of-alice", "BOB_TOKEN": "a-token-of-bob"}
BOB = {"x-rolecall-token": TOKENS["BOB_TOKEN"]}


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from place(tmp_path_factory.mktemp("ruled"), RULES, TOKENS)


def key() -> str:
    """A key of no one, in the form of a GitHub token."""
    draw = random.Random(7)
    return "ghp_" + "".join(draw.choices(string.ascii_letters + string.digits, k=36))


def ask(ruled: Place, body: dict[str, Any], path: str = "", **headers: str) -> Got:
    sent = Sent(body=body, path=f"{path}/v1/chat/completions", headers={**BOB, **headers})
    return ruled.send(sent)


def rule_of(ruled: Place, got: Got) -> list[str]:
    """The rules that the decision names."""
    found = ruled.gateway_json(f"/rolecall/decisions/{got.headers['x-rolecall-decision']}", BOB)
    return [limit["rule"] for limit in found["decision"]["limits"]]


STATED = says("Working directory: /home/a/acme/src", "system")
ELSEWHERE = says("<env>\nWorking directory: /home/b/other\n</env>", "system")
HELD = {
    "a workspace by its remote": ("/w/acme", chat(says("w1")), "acme"),
    "a folder that the client states": ("", chat(STATED, says("w2")), "acme"),
    "a folder that is another one": ("/w/acme", chat(ELSEWHERE, says("w3")), "workspace"),
    "a path in a tool call": (
        "",
        chat(
            says("p1"),
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": "1",
                        "type": "function",
                        "function": {"name": "read", "arguments": '{"path":"infra/prod/db.tf"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "1", "content": "x"},
        ),
        "production",
    ),
    "a path in a diff": ("", chat(says("p2\n+++ b/deploy/server.pem\n+x")), "production"),
    "a secret": ("", chat(says(f"the token is {key()}")), "secrets"),
    "an assignment": ("", chat(says("DB_PASSWORD=" + key()[8:28])), "secrets"),
    "a pattern": ("", chat(says("ticket ACME-123456")), "numbers"),
}


@pytest.mark.parametrize(("path", "body", "rule"), HELD.values(), ids=HELD)
def test_a_rule_holds(ruled: Place, path: str, body: dict[str, Any], rule: str) -> None:
    before = len(ruled.out.received)
    got = ask(ruled, body, path)
    assert got.headers["x-rolecall-zone"] == "local"
    assert rule in rule_of(ruled, got)
    assert len(ruled.out.received) == before


def test_a_person_by_the_token(ruled: Place) -> None:
    alice = {"x-rolecall-token": TOKENS["ALICE_TOKEN"]}
    sent = Sent(body=chat(says("hello from alice")), headers=alice)
    assert ruled.send(sent).headers["x-rolecall-zone"] == "local"
    assert ask(ruled, chat(says("hello from bob"))).headers["x-rolecall-zone"] == "any"
    assert ruled.send(Sent(body=chat(says("nobody")))).status == 401


def test_the_first_rule_that_holds_decides(ruled: Place) -> None:
    """The exception stands first, so that what follows does not hold there."""
    got = ask(ruled, chat(says("ticket ACME-654321 of the site")), "/w/site")
    assert got.headers["x-rolecall-zone"] == "any"


def test_no_token_reaches_a_provider(ruled: Place) -> None:
    ask(ruled, chat(says("what do you receive?")))
    received = b"".join(str(r.headers).encode() for r in ruled.out.received + ruled.home.received)
    assert not any(token.encode() in received for token in TOKENS.values())


def test_a_bomb_in_the_text_is_private(ruled: Place) -> None:
    """Compressed data without end cannot be looked into."""
    bomb = base64.b64encode(gzip.compress(b"\0" * 64 * 1024 * 1024)).decode()
    got = ask(ruled, chat(says(f"unpack {bomb}")))
    assert got.headers["x-rolecall-zone"] == "local"
    assert rule_of(ruled, got) == ["unscanned"]
