"""The page in a real browser: live, operable by keyboard, readable by everybody, quiet."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, field
from playwright.sync_api import Browser, Page, expect

from dashboard.conftest import Past, lay
from rolecall.ledger.store import open_ledger
from support.answers import Answer, say
from support.gateway import STACK, Gateway, start_gateway
from support.histories import (
    CODING,
    FAILED,
    OBJECTION,
    PASSED,
    PLANNING,
    TRIVIAL,
    ClaudeLog,
    Used,
)
from support.http import post
from support.pasts import KEYS, multiply
from support.pasts import STACK as PAST_STACK
from support.upstream import Upstream

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".clients/node/node_modules/axe-core/axe.min.js"
SHOTS = os.environ.get("ROLECALL_SHOTS")
"""A folder for screenshots: `ROLECALL_SHOTS=docs make test` makes those of the docs anew."""
PATHS = ("/", "/sessions", "/spending", "/frontier", "/habits", "/private", "/catalogue")


class Watched(Struct):
    """A page, and what must not have happened on it."""

    page: Page
    url: str
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def shoot(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=ROOT / SHOTS / f"{name}.png")


@contextmanager
def watched(browser: Browser, gateway: Gateway, **context: Any) -> Iterator[Watched]:
    """A page; the test fails where it logs an error or asks another host for anything."""
    with browser.new_context(**{"viewport": {"width": 1200, "height": 860}, **context}) as place:
        page = place.new_page()
        found = Watched(page, gateway.url)

        def asked(url: str) -> None:
            if not url.startswith((gateway.url, "data:", "blob:")):
                found.troubles.append(f"asked {url}")

        page.on("request", lambda one: asked(one.url))
        page.on("pageerror", lambda error: found.troubles.append(str(error)))
        page.on(
            "console",
            lambda said: found.troubles.append(said.text) if said.type == "error" else None,
        )
        yield found
        assert found.troubles == []


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_every_page_passes_axe(browser: Browser, past: Past, look: str) -> None:
    """No violation of WCAG 2.2 AA that axe-core finds; on a phone nothing sticks out sideways."""
    context: dict[str, Any] = {"color_scheme": "dark" if look == "dark" else "light"}
    if look == "phone":
        context |= {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    newest = past.records[-1]
    session = next(r.request.signals.session for r in reversed(past.records) if r.attempts)
    deeper = (f"/sessions/{session}", f"/decisions/{newest.decision.id}?as=plan")
    with watched(browser, past.gateway, **context) as found:
        for path in (*PATHS, *deeper):
            found.open(path)
            if path == "/habits":
                expect(found.page.locator("p[role=status]")).to_have_count(0, timeout=30_000)
            found.page.wait_for_load_state("load")
            assert violations(found.page) == [], path
            if look == "phone":
                wide = found.page.evaluate("document.documentElement.scrollWidth")
                assert wide <= 390, path


def violations(page: Page) -> list[str]:
    """What axe-core finds, and where. It is put in from here: the page lets no script in."""
    assert AXE.is_file(), f"{AXE} is missing: python tests/e2e/install_clients.py"
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})"
    )
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found["violations"]]


def test_a_decision_appears_as_it_happens_and_can_be_opened(
    browser: Browser, tmp_path: Path
) -> None:
    """From the empty page to the decision, its what-if, and a role pinned for its session."""
    with (
        Upstream(lambda _: Answer(text="Done.", first_byte_after=1.5)) as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as gateway,
        watched(browser, gateway) as found,
    ):
        page = found.page
        found.open("/")
        expect(page.get_by_text("Point a client at this address")).to_be_visible()
        expect(page.locator("#state")).to_have_text("Live.")
        page.evaluate(
            "fetch('/v1/chat/completions', {method: 'POST', body: JSON.stringify({model: "
            "'rolecall/code', messages: [{role: 'user', content: 'go'}]})})"
        )
        expect(page.locator("#underway")).to_contain_text("up/code-model")
        expect(page.locator("#decisions tr")).to_have_count(1)
        expect(page.locator("#underway tr")).to_have_count(0)
        expect(page.get_by_text("Point a client at this address")).to_be_hidden()
        page.locator("#decisions a").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Decision")
        page.get_by_label("as the role").select_option("plan")
        page.get_by_role("button", name="Suppose").click()
        expect(page.get_by_label("Supposed decision")).to_contain_text(
            "up/plan-model would have played instead of up/code-model"
        )
        page.get_by_label("pin this session to").select_option("review")
        page.get_by_role("button", name="Pin").click()
        found.open("/")
        expect(page.get_by_text("is pinned to review")).to_be_visible()
        page.get_by_role("button", name=re.compile("End: role")).click()
        expect(page.get_by_text("is pinned to review")).to_have_count(0)


def test_a_pause_keeps_what_comes_meanwhile(browser: Browser, tmp_path: Path) -> None:
    """The list stands still while it is read."""
    with (
        Upstream(say("Done.")) as upstream,
        start_gateway(STACK.format(base_url=upstream.base_url), tmp_path) as gateway,
        watched(browser, gateway) as found,
    ):
        found.open("/")
        expect(found.page.locator("#state")).to_have_text("Live.")
        found.page.get_by_role("button", name="Pause").click()
        body = {"model": "rolecall/fast", "messages": [{"role": "user", "content": "go"}]}
        with found.page.expect_event("console") as said:
            found.page.evaluate(
                "new EventSource('/live?after=0').addEventListener('decisions', "
                "() => console.log('told'))"
            )
            post(f"{gateway.url}/v1/chat/completions", body)
        assert said.value.text == "told"
        expect(found.page.locator("#decisions tr")).to_have_count(0)
        found.page.get_by_role("button", name="Go on").click()
        expect(found.page.locator("#decisions tr")).to_have_count(1)


def test_filters_and_pages_work_without_a_script(browser: Browser, past: Past) -> None:
    """Every choice is in the address."""
    with watched(browser, past.gateway, java_script_enabled=False) as found:
        found.open("/")
        found.page.locator("select[name=role]").select_option("plan")
        found.page.get_by_role("button", name="Choose").click()
        assert "role=plan" in found.page.url
        roles = found.page.locator("#decisions td:nth-child(5)").all_text_contents()
        assert set(roles) == {"plan"}
        found.open("/")
        first = found.page.locator("#decisions a").first.text_content()
        found.page.get_by_role("link", name="Earlier decisions").click()
        assert found.page.locator("#decisions a").first.text_content() != first


def test_every_page_can_be_reached_by_the_keyboard(browser: Browser, past: Past) -> None:
    """The first stop leads past the links; the timeline's calls are stops of their own."""
    with watched(browser, past.gateway) as found:
        page = found.page
        found.open("/sessions")
        page.keyboard.press("Tab")
        assert focused(page) == "Skip to the content"
        page.keyboard.press("Enter")
        for _ in range(2):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Session s-")
        page.locator("svg.timeline a").first.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Decision")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def test_the_numbers_can_be_downloaded(browser: Browser, past: Past, tmp_path: Path) -> None:
    """As CSV and JSON, with what the page shows; charts as SVG."""
    with watched(browser, past.gateway) as found:
        found.open("/spending?since=all")
        with found.page.expect_download() as download:
            found.page.get_by_role("link", name="By model (CSV)").click()
        file = tmp_path / "by-model.csv"
        download.value.save_as(file)
        rows = list(csv.DictReader(io.StringIO(file.read_text())))
        shown = found.page.locator("#by-model tr td:first-child").all_text_contents()
        assert [row["model"] for row in rows] == shown
        pictures = found.page.locator("figure img")
        assert pictures.count() == 2
        for one in pictures.all():
            one.scroll_into_view_if_needed()
            assert one.evaluate("async (i) => { await i.decode(); return i.naturalWidth }") > 100
        found.shoot("page-spending")
        found.page.get_by_role("link", name="JSON").click()
        assert json.loads(found.page.inner_text("pre"))["title"] == "Spending"


def test_pictures_of_the_page(browser: Browser, past: Past) -> None:
    """Each part that the docs show is there to be seen."""
    answered = [r for r in past.records if r.attempts]
    players: dict[str, list[str]] = {}
    for record in answered:
        name = record.request.signals.session or ""
        players.setdefault(name, []).append(record.attempts[0].deployment)
    varied = max(players, key=lambda name: len(set(players[name])) * len(players[name]))
    code = next(r for r in reversed(answered) if r.decision.role == "code")
    with watched(browser, past.gateway) as found:
        for path, name, there in (
            ("/", "page-decisions", "#decisions tr"),
            (f"/sessions/{varied}", "page-session", "svg.timeline rect"),
            (f"/decisions/{code.decision.id}?as=plan", "page-decision", "#candidates tr"),
            ("/frontier", "page-frontier", "figure img"),
        ):
            found.open(path)
            expect(found.page.locator(there).first).to_be_visible()
            found.page.wait_for_load_state("load")
            found.shoot(name)


def test_habits_stand_on_the_page_with_their_money(browser: Browser, tmp_path: Path) -> None:
    """Planted in the logs of a client, read by the page, opened by a click."""
    plant(tmp_path)
    (tmp_path / "rolecall.toml").write_text(PAST_STACK)
    with start_gateway(None, tmp_path, KEYS) as gateway, watched(browser, gateway) as found:
        found.open("/habits")
        expect(found.page.get_by_text("Reading the logs")).to_be_visible()
        summary = found.page.get_by_text("the strongest class on trivial work")
        expect(summary).to_be_visible(timeout=30_000)
        expect(found.page.get_by_text("Reading the logs")).to_have_count(0)
        for one in found.page.locator("figure img").all():
            one.scroll_into_view_if_needed()
            one.evaluate("async (i) => { await i.decode() }")
        found.page.evaluate("scrollTo(0, 0)")
        found.shoot("page-habits")
        summary.click()
        expect(found.page.get_by_role("cell", name="claude-code").first).to_be_visible()


def plant(home: Path) -> None:
    """Ten days of work with three habits."""
    now = datetime.now(UTC)
    for day in range(10):
        at = now - timedelta(days=10 - day)
        coding = ClaudeLog(home, f"code-{day}", start=at)
        warm = [Used(input=300, write=30_000), Used(read=30_300), Used(read=30_600, output=900)]
        coding.turn(CODING, "claude-sonnet-5-5", warm, edits=1, tests=PASSED)
        dear = ClaudeLog(home, f"dear-{day}", folder="/home/ada/site", start=at)
        for _ in range(3):
            dear.turn(TRIVIAL, "claude-opus-5-5", [Used(input=12_000, output=700)])
        hard = ClaudeLog(home, f"hard-{day}", start=at)
        hard.turn(PLANNING, "claude-haiku-5-5", [Used(input=20_000, output=1_500)])
        hard.turn(OBJECTION, "claude-opus-5-5", [Used(input=22_000, output=1_500)])
        loop = [Used(input=200, write=15_000), *(Used(read=15_200) for _ in range(5))]
        loops = ClaudeLog(home, f"loop-{day}", start=at)
        loops.turn(CODING, "claude-sonnet-5-5", loop, tests=FAILED, runs=4)


def test_a_hundred_thousand_records_are_opened_at_once(browser: Browser, tmp_path: Path) -> None:
    """The first view tells the newest while the sums still grow, and then the sums are whole."""
    records = lay(tmp_path)
    store = open_ledger(tmp_path / "data/rolecall/ledger.sqlite")
    count = len(records) + multiply(store, records, 100_000 // len(records), timedelta(minutes=1))
    store.close()
    assert count >= 100_000 - len(records)
    with start_gateway(None, tmp_path, KEYS) as gateway, watched(browser, gateway) as found:
        began = datetime.now(UTC)
        found.open("/")
        expect(found.page.locator("#decisions tr")).to_have_count(50)
        assert (datetime.now(UTC) - began).total_seconds() < 5
        told = found.page.get_by_text("records are still being added up")
        while told.count():
            found.page.get_by_role("link", name="Look again").click()
        found.open("/spending?since=all")
        answered = sum(bool(r.attempts) for r in records) * (100_000 // len(records) + 1)
        expect(found.page.get_by_text(f"{answered:,} calls")).to_be_visible()
        found.open("/?role=plan")
        expect(found.page.locator("#decisions tr")).to_have_count(50)
