"""The pages as a program reads them: their numbers, their files, what they forbid."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from dashboard.conftest import Past
from rolecall.spoken.figures import total_cost
from rolecall.types import Record
from support.answers import say
from support.gateway import STACK, start_gateway
from support.histories import TRIVIAL, ClaudeLog, Used
from support.http import get, post
from support.upstream import Upstream

HTML = {"accept": "text/html"}
PAGES = ("/", "/sessions", "/spending", "/frontier", "/private", "/catalogue")


@pytest.mark.parametrize("path", PAGES)
def test_each_page_answers_with_a_policy_that_lets_nothing_in(past: Past, path: str) -> None:
    """No inline script or style, no other host, no frame; and nothing is kept by a cache."""
    found = get(past.gateway.url + path, HTML)
    assert found.status == 200
    policy = found.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert found.headers["cache-control"] == "no-store"
    assert b"http://" not in found.body.replace(b"http://www.w3.org", b"")
    assert b"https://" not in found.body


def _name(record: Record, by: str) -> str:
    match by:
        case "role":
            return record.decision.role
        case "model":
            return record.attempts[0].deployment
        case "client":
            return record.request.signals.client or "unknown"
        case _:
            return record.request.workspace or "none"


def test_spending_is_the_sum_of_the_records(past: Past) -> None:
    """By role, model, client and workspace, calls and money to the cent's millionth."""
    found = past.gateway.json("/spending?since=all&format=json")
    for by in ("role", "model", "client", "workspace"):
        calls: Counter[str] = Counter()
        money: dict[str, Decimal] = {}
        for record in past.records:
            if record.attempts:
                name = _name(record, by)
                calls[name] += 1
                money[name] = money.get(name, Decimal(0)) + (total_cost(record) or 0)
        table = found["tables"][f"by-{by}"]
        assert {row[by]: row["calls"] for row in table} == dict(calls)
        for row in table:
            assert row["cost"] == pytest.approx(float(money[row[by]]), abs=1e-6)


def test_a_table_is_the_same_in_csv_and_json(past: Past) -> None:
    """What can be downloaded says the same in both forms."""
    rows = past.gateway.json("/sessions?format=json")["tables"]["sessions"]
    text = get(f"{past.gateway.url}/sessions?format=csv&table=sessions").body.decode()
    read = list(csv.DictReader(io.StringIO(text)))
    assert [row["session"] for row in read] == [row["session"] for row in rows]
    assert [int(row["calls"]) for row in read] == [row["calls"] for row in rows]


def test_a_chart_comes_as_svg(past: Past) -> None:
    """It is drawn by a process of its own, and holds no script."""
    found = get(f"{past.gateway.url}/spending?since=all&by=role&format=svg&chart=usd")
    assert found.headers["content-type"] == "image/svg+xml"
    assert found.body.startswith(b"<svg")
    assert b"<script" not in found.body
    assert b"plan" in found.body


def test_decisions_can_be_chosen_and_paged(past: Past) -> None:
    """Each decision of a role stands on one of the pages, once; of another role none does."""
    wanted = {r.decision.id for r in past.records if r.decision.role == "plan"}
    seen: list[str] = []
    path = "/?role=plan"
    while path:
        found = past.gateway.json(f"{path}&format=json")
        seen += [row["decision"] for row in found["tables"]["decisions"]]
        older = found["data"]["older"]
        path = f"/?{older}" if older else ""
    assert len(seen) == len(set(seen))
    assert set(seen) == wanted


def test_a_decision_tells_its_alternatives_and_what_would_flip_it(past: Past) -> None:
    """Everybody of the stack with a price for the same tokens; who may not play says why."""
    record = next(r for r in past.records if r.decision.role == "code" and r.attempts)
    found = past.gateway.json(f"/decisions/{record.decision.id}?as=plan&format=json")
    rows = {row["deployment"]: row for row in found["tables"]["candidates"]}
    assert "anthropic/claude-opus-5-5" in rows
    assert rows["anthropic/claude-opus-5-5"]["same tokens"] is not None
    assert found["data"]["flips"]
    supposed = found["data"]["supposed"]
    assert supposed["plays"] == "anthropic/claude-opus-5-5"
    assert not supposed["same"]


def test_the_private_lane_counts_what_stayed_home(past: Past) -> None:
    """Requests under a rule, by what became of them."""
    found = past.gateway.json("/private?since=all&format=json")
    asked = [r for r in past.records if r.request.limits]
    answered = sum(r.status == 200 for r in asked)
    assert found["data"]["answered"] == answered
    assert found["data"]["refused"] == len(asked) - answered
    assert {row["rule"] for row in found["tables"]["kept"]} == {"client work"}


def test_cost_and_quality_names_the_stack_in_force(past: Past) -> None:
    """For each kind with outcomes there is a verdict, and intervals around each share."""
    found = past.gateway.json("/frontier?format=json")
    assert found["data"]["topics"]
    for topic in found["data"]["topics"]:
        assert topic["verdict"] in {"keep", "switch", "not enough data"}
        for row in found["tables"][topic["table"]]:
            assert row["at least"] <= row["accepted"] <= row["at most"]


def test_what_does_not_exist_is_said_on_a_page(past: Past) -> None:
    """A browser gets a page with the mend; a program the gateway's own error."""
    for path, status in (
        ("/decisions/nothing", 404),
        ("/sessions/nothing", 404),
        ("/spending?since=yesterday", 400),
        ("/?before=x", 400),
        ("/spending?format=csv&table=x", 404),
        ("/decisions/nothing?format=json", 404),
    ):
        found = get(past.gateway.url + path, HTML)
        assert found.status == status, path
        assert b"<h1>" in found.body
        assert json.loads(get(past.gateway.url + path).body)["error"]["message"]


HOSTILE = '=cmd|"/c calc"!A0<script>alert(1)</script>\u202e\x1b[2J'


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    """HTML, formulas and control characters in what a client sends execute nowhere."""
    with (
        Upstream(say("Done.")) as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as gateway,
    ):
        metadata = json.dumps({"session_id": HOSTILE})
        body = {
            "model": "rolecall/auto",
            "max_tokens": 100,
            "metadata": {"user_id": metadata},
            "messages": [{"role": "user", "content": HOSTILE}],
        }
        headers = {"user-agent": "claude-cli/2.1.197 (external, cli)", "x-rolecall-role": "plan"}
        why = {"x-rolecall-why": "=1+1<script>alert(2)</script>"}
        assert post(f"{gateway.url}/v1/messages", body, {**headers, **why}).status == 200
        id_ = gateway.decisions(1)[0]["id"]
        for path in ("/", "/sessions", f"/decisions/{id_}", "/private", "/spending"):
            page = get(gateway.url + path, HTML).body
            assert b"<script>alert" not in page, path
            assert b"\x1b" not in page
        for path, name in (("/sessions", "sessions"), ("/", "decisions")):
            text = get(f"{gateway.url}{path}?format=csv&table={name}").body.decode()
            cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
            assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def test_an_empty_ledger_has_pages_that_say_what_to_do(tmp_path: Path) -> None:
    """Before the first request each page answers, and the first one says how to go on."""
    with (
        Upstream(say("Done.")) as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as gateway,
    ):
        for path in PAGES:
            found = get(gateway.url + path, HTML)
            assert found.status == 200, path
        assert b"rolecall connect" in get(gateway.url, HTML).body


def test_the_page_of_habits_tells_what_the_command_tells(past: Past) -> None:
    """The same sums and findings; while logs are read the page says so."""
    ClaudeLog(past.gateway.home, "here").turn(TRIVIAL, "claude-opus-5-5", [Used(input=10_000)])
    told = json.loads(past.gateway.rolecall("audit", "--json", "--since", "30d").stdout)
    path = "/habits?since=30d&format=json"
    found = past.gateway.json(f"{path}&again=1")
    assert found["data"]["reading"]
    while found["data"]["reading"]:
        found = past.gateway.json(path)
    assert found["data"]["trouble"] == ""
    for name in ("total", "by_role", "by_model", "by_client", "by_repository", "sessions"):
        assert found["data"]["report"][name] == told[name], name
    assert "claude-code" in {one["name"] for one in told["by_client"]}
    ids = [one["id"] for one in told["findings"]]
    assert [one["id"] for one in found["data"]["report"]["findings"]] == ids
