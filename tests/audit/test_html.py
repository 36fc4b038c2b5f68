"""An audit as a page and as a picture: whole in one file, and nothing from elsewhere."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec import structs

from rolecall.audit import charts
from rolecall.audit.drawings import spending
from rolecall.audit.html import page, picture
from rolecall.audit.report import Day, Report
from rolecall.errors import ConfigError
from support.audits import ask, audited, stack
from support.gateway import run_rolecall
from support.histories import TRIVIAL, ClaudeLog, Used

OPUS = "claude-opus-5-5"
PNG = b"\x89PNG\r\n\x1a\n"


def dear(home: Path) -> Report:
    log = ClaudeLog(home, "dear")
    for _ in range(4):
        log.turn(TRIVIAL, OPUS, [Used(input=10_000)])
    return audited(ask(home, in_force=stack(home)))[0]


class Parts(HTMLParser):
    """The elements of a page, and all addresses that it names."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.addresses: set[str] = set()
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.elements.add(tag)
        self.addresses |= {str(given[name]) for name in ("src", "href", "srcset") if name in given}
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(given["content"])


def test_a_page_asks_for_nothing(tmp_path: Path) -> None:
    """No script, no address, and a policy under which a browser would fetch nothing anyway."""
    text = page(dear(tmp_path))
    parts = Parts()
    parts.feed(text)
    assert parts.addresses == set()
    assert not parts.elements & {"script", "link", "iframe", "img", "object", "form", "base"}
    assert parts.policy.startswith("default-src 'none';")
    assert "script-src" not in parts.policy
    assert set(re.findall(r"https?://[^\s\"'<)]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "url(" not in text.replace("url(#", "")


def test_a_page_says_what_the_command_says(tmp_path: Path) -> None:
    """The sum, the habit with its money, the session behind it, and the charts with their words."""
    report = dear(tmp_path)
    text = page(report)
    assert f"${report.total.cost:.3f}"[:5] in text
    assert "the strongest class on trivial work" in text
    assert "dear.jsonl" in text
    assert 'aria-label="USD a day by model"' in text
    assert text.count("<svg") == 3


def test_a_page_without_a_price_or_a_call(tmp_path: Path) -> None:
    """No chart where there is nothing to draw; a picture of nothing is an error that says so."""
    empty, _ = audited(ask(tmp_path))
    assert "Nothing was logged" in page(empty)
    with pytest.raises(ConfigError, match="nothing to draw"):
        picture(empty)


def test_a_chart_shows_days_as_they_are_counted() -> None:
    """A day is one of UTC wherever the page is made, and a single one is no wall."""
    one = Day(day=date(2026, 11, 10), model="m", role="code", cost=Decimal("0.01"))
    told = charts.over_time(spending([one], "model")).to_dict()["encoding"]["x"]
    first, end = told["scale"]["domain"]
    assert told["timeUnit"] == "utcyearmonthdate"
    assert (end["month"], end["date"], end["utc"]) == (11, 11, True)
    days = date(2026, end["month"], end["date"]) - date(2026, first["month"], first["date"])
    assert days == timedelta(days=14)


def test_the_eighth_model_is_one_of_the_others() -> None:
    """Eight colours are as many as one tells apart."""
    days = [
        Day(day=date(2026, 11, 10), model=f"m{place}", role="code", cost=Decimal(place))
        for place in range(1, 11)
    ]
    told = charts.over_time(spending(days, "model")).to_dict()["encoding"]["color"]
    assert told["scale"]["domain"] == ["m10", "m9", "m8", "m7", "m6", "m5", "m4", "others"]


def test_the_command_writes_both(tmp_path: Path) -> None:
    """`--html` and `--png` beside the summary; a place that cannot be written is named."""
    dear(tmp_path)
    env = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    html, png = tmp_path / "a.html", tmp_path / "a.png"
    words = ("audit", "--since", "all", "--html", str(html), "--png", str(png))
    done = run_rolecall(tmp_path, *words, env=env)
    assert done.returncode == 0, done.stderr
    assert html.read_text().startswith("<!doctype html>")
    assert png.read_bytes().startswith(PNG)
    done = run_rolecall(tmp_path, "audit", "--html", str(tmp_path / "no/a.html"), env=env)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_a_plan_is_named(tmp_path: Path) -> None:
    """What came by a subscription is shown at the API's prices, and says so."""
    report = dear(tmp_path)
    assert "subscription" not in page(report)
    log = tmp_path / ".codex/sessions/2026/11/10/rollout-a.jsonl"
    log.parent.mkdir(parents=True)
    tokens = '{"input_tokens": 9000, "total_tokens": 9000}'
    event = (
        '{"type": "token_count", "rate_limits": {"plan_type": "plus"}, "info": '
        f'{{"last_token_usage": {tokens}, "total_token_usage": {tokens}}}}}'
    )
    log.write_text(
        "".join(
            f'{{"timestamp": "2026-11-10T09:00:00Z", "type": "{sort}", "payload": {payload}}}\n'
            for sort, payload in (
                ("session_meta", '{"id": "a"}'),
                ("turn_context", '{"model": "gpt-6.1-sol"}'),
                ("event_msg", event),
            )
        )
    )
    report, _ = audited(ask(tmp_path))
    [one] = report.covered
    assert (one.plan, one.client) == ("plus", "codex")
    assert one.cost == structs.asdict(report.by_client[-1])["cost"]
    assert "under the plan plus: a subscription, shown at API prices" in page(report)
