"""A session that met a rule is held by the rule as it was and as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from privacy.leaks import CANARY, chat, says
from privacy.test_leaks import RULE, STACK
from rolecall.privacy.policy import narrowest
from rolecall.types import Limit
from support.gateway import Gateway, start_gateway
from support.http import get, post
from support.upstream import Upstream

SESSION = {"x-session-id": "s-1"}
EDITS = {
    "narrowed to home": ('zones = ["eu"]', "", []),
    "another zone": ('zones = ["eu", "us"]', 'zones = ["us"]', ["us"]),
    "zones that have nothing in common": ('zones = ["eu"]', 'zones = ["us"]', []),
    "widened": ("", 'zones = ["eu"]', []),
}


def zones(gateway: Gateway, text: str) -> list[Any]:
    """Where the rule lets a request of the session go."""
    got = post(f"{gateway.url}/v1/chat/completions", chat(says(text)), SESSION)
    path = f"/rolecall/decisions/{got.headers['x-rolecall-decision']}"
    (limit,) = get(gateway.url + path).json()["decision"]["limits"]
    assert limit["rule"] == "kestrel"
    return [zone for zone in limit["zones"] if zone != "local"]


@pytest.mark.parametrize(("was", "now", "admitted"), EDITS.values(), ids=EDITS)
def test_what_follows_an_edit(tmp_path: Path, was: str, now: str, admitted: list[str]) -> None:
    with Upstream() as out, Upstream() as home:
        config = STACK.format(out=out.base_url, home=home.base_url) + RULE
        with start_gateway(f"{config}{was}\n", tmp_path) as gateway:
            zones(gateway, CANARY)
        with start_gateway(f"{config}{now}\n", tmp_path) as gateway:
            assert zones(gateway, CANARY) == admitted
            assert zones(gateway, "what follows") == admitted


def test_a_rule_that_no_longer_redacts_refuses() -> None:
    redacts = Limit(rule="secrets", zones=("any",), says="", otherwise="redact")
    refuses = Limit(rule="secrets", zones=("any",), says="")
    assert narrowest(redacts, refuses).otherwise == "refuse"
    assert narrowest(refuses, redacts).otherwise == "refuse"
    assert narrowest(redacts, redacts).otherwise == "redact"
