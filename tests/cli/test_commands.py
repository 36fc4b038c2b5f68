"""The commands as a user types them."""

from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from inline_snapshot import snapshot

from support.answers import Tokens, say
from support.gateway import STACK, Gateway, run_rolecall, start_gateway
from support.http import post
from support.upstream import Upstream

PRICED = """
[models."up/fast-model"]
class = "fast"
input_price = 1
output_price = 5
cache_read_price = 0.1
[models."up/plan-model"]
class = "frontier"
input_price = 10
output_price = 50
"""
TITLE = {"json_schema": {"schema": {"properties": {"title": {"type": "string"}}}}}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that has answered a title request of an unknown client."""
    home = tmp_path_factory.mktemp("played")
    tokens = Tokens(input=2000, output=10, cache_read=1000)
    with Upstream(say("A title", tokens)) as upstream:
        config = STACK.format(base_url=upstream.base_url) + PRICED
        with start_gateway(config, home) as gateway:
            said = [{"role": "user", "content": "Name this."}]
            body = {"model": "rolecall/auto", "messages": said, "response_format": TITLE}
            assert post(gateway.url + "/v1/chat/completions", body).status == 200
            yield gateway


def steady(text: str) -> str:
    """Without what differs from run to run."""
    text = re.sub(r"[0-9a-z]{9}-[0-9a-z]{5}", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \w+", "TIME", text)
    return re.sub(r"\d+ ms", "N ms", text)


def test_why_reads_like_a_colleague(played: Gateway) -> None:
    """Role, reason, who played, what it cost here and elsewhere, and what would flip it."""
    assert steady(played.rolecall("why", "last").stdout) == snapshot("""\
ID  TIME  unknown client  openai.chat 0.2 kB

fast, because the request asks for a title: JSON with a title, no tools (rule generic.title).

sure       1.00 (generic.title); runner-up code (default)
plays      up/fast-model
boundary   first: nobody has answered in this conversation yet; another may play
expected   USD            this call  each later   read anew  pays after  accepted  until accepted
           up/fast-model   $0.00254    $0.00400  $0.0000370                  0.66           $1.71
happened   up/fast-model answered 200 in N ms, first chunk after N ms
used       2,000 input tokens (1,000 read from cache, 0 written to it), 10 output tokens
cost       $0.00115
instead    up/plan-model    $0.0205  (18 x)
           up/review-model  price unknown
           up/code-model    price unknown
           up/local-model   price unknown
flips      if up/fast-model fails: nobody plays fast
           without the rule generic.title: up/code-model plays code
           with the header x-rolecall-role: plan: up/plan-model plays plan
           with the header x-rolecall-role: review: up/review-model plays review
           with the header x-rolecall-role: local: up/local-model plays local
""")


def test_log_has_a_line_for_each_decision(played: Gateway) -> None:
    """When, who, what work, which role, who played it, and what it cost."""
    lines = played.rolecall("log").stdout.splitlines()
    assert lines[0].split() == [
        *("id", "time", "client", "work", "role", "deployment", "status", "tokens", "cost", "total")
    ]
    assert "title" in lines[1]
    assert "up/fast-model" in lines[1]
    assert "2,000 > 10" in lines[1]
    assert "$0.00115" in lines[1]


def test_json_of_every_command(played: Gateway) -> None:
    """Everything a person might script can be had as JSON."""
    decisions = msgspec.json.decode(played.rolecall("log", "--json").stdout)
    assert float(decisions[0]["cost"]) == 0.00115
    why = msgspec.json.decode(played.rolecall("why", decisions[0]["id"][:9], "--json").stdout)
    assert why["decision"]["role"] == "fast"
    route = msgspec.json.decode(played.rolecall("route", "x", "--json").stdout)
    assert route["decision"]["role"] == "code"
    findings = msgspec.json.decode(played.rolecall("doctor", "--json").stdout)
    assert {"configuration", "ledger"} <= {one["about"] for one in findings}
    assert msgspec.json.decode(played.rolecall("replay", "--json").stdout)["differing"] == []


def test_route_says_who_would_play(played: Gateway) -> None:
    """A decision without sending, by role or by name."""
    assert "up/code-model" in played.rolecall("route", "Fix the test").stdout
    planned = played.rolecall("route", "How?", "--role", "plan").stdout
    assert planned.startswith("plan, because the header x-rolecall-role asks for plan.")
    assert "justified  ask: " in planned


def test_replay_reports_what_differs(tmp_path: Path) -> None:
    """A record that was changed afterwards comes out differently, and is named."""
    with (
        Upstream() as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as g,
    ):
        post(g.url + "/v1/chat/completions", {"model": "x", "messages": []})
        assert g.rolecall("replay").returncode == 0
        ledger = sqlite3.connect(tmp_path / "data/rolecall/ledger.sqlite")
        ledger.execute(
            """UPDATE decisions SET facts = replace(facts, '"role":"code"', '"role":"plan"')"""
        )
        ledger.commit()
        ledger.close()
        done = g.rolecall("replay")
        assert done.returncode == 1
        assert "1 decisions replayed, 1 differ" in done.stdout


def test_port_in_use(tmp_path: Path) -> None:
    """A port that is taken is named, with exit code 2 and nothing started."""
    (tmp_path / "rolecall.toml").write_text(STACK.format(base_url="http://127.0.0.1:9/v1"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_rolecall(tmp_path, "up", "--port", port)
    assert done.returncode == 2
    assert f"127.0.0.1:{port} cannot be used (Address already in use)" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_doctor_on_a_bare_machine(tmp_path: Path) -> None:
    """Missing keys are named with what to do, and are no error."""
    done = run_rolecall(tmp_path, "doctor")
    assert "export ANTHROPIC_API_KEY to use it" in done.stdout
    assert "stack from what was found on this machine" in done.stdout


def test_why_of_nothing(tmp_path: Path) -> None:
    """An id that nobody knows is one line and exit code 1."""
    (tmp_path / "rolecall.toml").write_text(STACK.format(base_url="http://127.0.0.1:9/v1"))
    done = run_rolecall(tmp_path, "why", "zzz")
    assert done.returncode == 1
    assert "no decision 'zzz'" in done.stderr
    assert run_rolecall(tmp_path, "log").stdout.startswith("Nothing is recorded yet.")
