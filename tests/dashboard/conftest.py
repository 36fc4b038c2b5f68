"""A gateway with a past, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import Struct
from playwright.sync_api import Browser, sync_playwright

from rolecall.types import Record
from support.gateway import Gateway, start_gateway
from support.pasts import KEYS, STACK, fill, world

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
"""Chromium as root, without connections of its own."""
SESSIONS = 60


class Past(Struct):
    """A gateway whose ledger holds these records."""

    gateway: Gateway
    records: list[Record]


def lay(home: Path) -> list[Record]:
    """A home with a stack and a past of ten days."""
    file = home / "rolecall.toml"
    ledger = home / "data/rolecall/ledger.sqlite"
    file.write_text(STACK)
    now = datetime.now(UTC)
    every = timedelta(days=10) / SESSIONS
    return fill(ledger, world(file, now), now - timedelta(days=10), sessions=SESSIONS, every=every)


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    home = tmp_path_factory.mktemp("past")
    records = lay(home)
    with start_gateway(None, home, KEYS) as gateway:
        yield Past(gateway=gateway, records=records)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Skips where it is not installed, and fails where it must be.

    Playwright runs an event loop in this thread until its end: no other module may find it there.
    """
    if shutil.which(CHROMIUM) is None:
        reason = f"{CHROMIUM} is not installed: apt-get install chromium"
        if os.environ.get("ROLECALL_E2E") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()
