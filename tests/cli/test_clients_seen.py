"""What the ledger tells of clients: `doctor` names those that the rules do not know well."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from rolecall.routing.decide import LOGIC
from support.answers import say
from support.gateway import STACK, Gateway, start_gateway
from support.http import post
from support.upstream import Upstream

TITLE = {"json_schema": {"schema": {"properties": {"title": {"type": "string"}}}}}


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that an unknown client and a newer Claude Code have used."""
    with Upstream(say("ok")) as upstream:
        config = STACK.format(base_url=upstream.base_url)
        with start_gateway(config, tmp_path_factory.mktemp("met")) as gateway:
            url = gateway.url + "/v1/chat/completions"
            said = [{"role": "user", "content": "Go on"}]
            body = {"model": "m", "messages": said}
            acme = {"user-agent": "acme-agent/2.1 (linux)", "x-session-id": "s"}
            post(url, body, acme)
            post(url, {**body, "response_format": TITLE}, {**acme, "user-agent": "acme-agent/2.2"})
            post(url, body, {"user-agent": "claude-cli/99.1 (external, cli)"})
            post(url, body, {"user-agent": "claude-cli/98.0 (external, cli)"})
            yield gateway


def findings(gateway: Gateway) -> dict[str, dict[str, str]]:
    done = gateway.rolecall("doctor", "--json")
    return {one["about"]: one for one in msgspec.json.decode(done.stdout)}


def test_unknown_client_is_named_with_what_was_recognised(met: Gateway) -> None:
    """Both versions are one client; the generic rule that knew its title is named."""
    found = findings(met)["unknown acme-agent"]
    assert found["state"] == "missing"
    assert "2 requests: " in found["says"]
    assert "1 turn" in found["says"]
    assert "1 title (generic.title)" in found["says"]
    assert "docs/recognition.md" in found["mend"]


def test_client_newer_than_its_rules_is_named(met: Gateway) -> None:
    """The newest version that was seen, beside the one that was recorded."""
    says = findings(met)["rules claude-code"]["says"]
    assert says.startswith("99.1 was seen; its rules were written for 2.1.197")


def test_log_names_the_client_that_no_rule_knows(met: Gateway) -> None:
    """By what it calls itself."""
    assert "acme-agent/2.2" in met.rolecall("log").stdout


def test_records_of_another_version_are_left_alone(met: Gateway, tmp_path: Path) -> None:
    """What an older rolecall decided is not held against this one."""
    copy = sqlite3.connect(tmp_path / "copy.sqlite")
    source = sqlite3.connect(met.home / "data/rolecall/ledger.sqlite")
    source.backup(copy)
    source.close()
    now = f'"logic":{LOGIC}'
    copy.execute("UPDATE snapshots SET body = replace(body, ?, ?)", (now, '"logic":1'))
    copy.commit()
    copy.close()
    (tmp_path / "c.toml").write_text(f'[ledger]\npath = "{tmp_path}/copy.sqlite"\n')
    done = met.rolecall("replay", "--config", str(tmp_path / "c.toml"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "0 decisions replayed, 0 differ\n"
        "4 were taken by another version of rolecall and are left alone\n"
    )
