"""What becomes of the work is told by tools, people and git, and counts at once."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from support.answers import Answer, Tokens
from support.gateway import STACK, Gateway, run_rolecall, start_gateway
from support.http import Got, post
from support.upstream import Upstream

PRICES = """
[models."up/code-model"]
input_price = 1000
output_price = 1000

[budget]
day = 3
at_limit = "refuse"
"""
TOOLS = [{"type": "function", "function": {"name": "edit", "parameters": {}}}]


class House(Struct):
    gateway: Gateway
    upstream: Upstream
    home: Path

    def ask(self, text: str = "Fix it.") -> Got:
        said = [{"role": "user", "content": text}]
        body = {"model": "rolecall/auto", "messages": said, "tools": TOOLS}
        return post(self.gateway.url + "/v1/chat/completions", body)

    def tells(self, outcome: Any) -> Got:
        return post(self.gateway.url + "/rolecall/outcomes", outcome)


def whole(folder: Path, more: str = "") -> Iterator[House]:
    with Upstream(lambda _: Answer(text="Done.", tokens=Tokens(input=900, output=100))) as upstream:
        config = STACK.format(base_url=upstream.base_url) + more
        with start_gateway(config, folder) as gateway:
            yield House(gateway, upstream, folder)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from whole(tmp_path)


@pytest.fixture
def cheap(tmp_path: Path) -> Iterator[House]:
    """Prices, and no limit."""
    yield from whole(tmp_path, PRICES.partition("[budget]")[0])


@pytest.fixture
def poor(tmp_path: Path) -> Iterator[House]:
    """A dollar a call, and three a day."""
    yield from whole(tmp_path, PRICES)


def test_outcomes_are_read_where_no_usage_is_reported(house: House) -> None:
    """A stream tells its usage only if the client asks for it; the work is known all the same."""
    call = {"name": "bash", "arguments": '{"command": "pytest -q"}'}
    said: list[dict[str, Any]] = [
        {"role": "user", "content": "Fix it."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "type": "function", "function": call}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "1 passed in 0.1s"},
    ]
    for count in (1, 3):
        body = {"model": "rolecall/auto", "messages": said[:count], "tools": TOOLS, "stream": True}
        assert post(house.gateway.url + "/v1/chat/completions", body).status == 200
    listed = run_rolecall(house.home, "outcome", "list").stdout
    assert "the tests passed (1 run)" in listed
    assert house.gateway.decisions(1)[0]["usage"] is None


def test_a_tool_tells_and_the_newest_word_counts(house: House) -> None:
    """Contradictory words of the same sort: the last one stands, and `why` shows it."""
    asked = house.ask().headers["x-rolecall-decision"]
    for accepted in (True, False):
        got = house.tells({"decision": asked, "accepted": accepted, "says": "the pipeline says"})
        assert got.status == 201
        assert got.json()["deployment"] == "up/code-model"
    told = run_rolecall(house.home, "why", asked).stdout
    assert "outcome    failed, known by tool: the pipeline says, after 1 call" in told
    listed = run_rolecall(house.home, "outcome", "list", "--json").stdout
    assert listed.count('"decision"') == 1


@pytest.mark.parametrize(
    ("outcome", "status", "says"),
    [
        ({"decision": "1m000000-00000", "accepted": True}, 404, "names no decision"),
        ({"decision": "", "accepted": True}, 404, "names no decision"),
        ({"accepted": True}, 400, "decision"),
        ({"decision": "x", "accepted": "yes"}, 400, "accepted"),
        ({"decision": "x", "accepted": True, "kind": 1}, 400, "kind"),
        ([], 400, "send {"),
        ({"decision": "x" * 70_000, "accepted": True}, 413, "64 KiB"),
    ],
)
def test_an_outcome_of_nothing_is_refused(
    house: House, outcome: Any, status: int, says: str
) -> None:
    """Unknown work and bad words, each with what is wrong."""
    house.ask()
    got = house.tells(outcome)
    assert got.status == status
    assert says in got.json()["error"]["message"]


def test_a_person_tells(house: House) -> None:
    """By the beginning of an id; what was refused by everybody cannot be judged."""
    asked = house.ask().headers["x-rolecall-decision"]
    done = run_rolecall(house.home, "outcome", "report", asked, "--accepted", "--why", "I read it")
    assert done.stdout == f"{asked} is recorded as accepted: I read it\n"
    missing = run_rolecall(house.home, "outcome", "report", "zzz", "--failed")
    assert "no decision 'zzz'" in missing.stderr


def git(folder: Path, *arguments: str) -> str:
    name = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *name, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    git(folder, "add", name)
    git(folder, "commit", "-qm", f"change {name}")


@pytest.mark.parametrize("fate", ["kept", "rewritten", "reverted"])
def test_git_tells_whether_a_change_was_kept(house: House, tmp_path: Path, fate: str) -> None:
    """The hook is added to what is there; a commit is judged by the lines that stand."""
    place = tmp_path / "project"
    place.mkdir()
    git(place, "init", "-q")
    hook = place / ".git/hooks/post-commit"
    hook.write_text("#!/bin/sh\ntrue\n")
    assert run_rolecall(house.home, "outcome", "hook", str(place)).returncode == 0
    assert hook.read_text() == (
        "#!/bin/sh\ntrue\nrolecall outcome commit >/dev/null 2>&1 || true\n"
    )
    asked = house.ask().headers["x-rolecall-decision"]
    commit(place, "a.py", "one\ntwo\nthree\n")
    noted = run_rolecall(house.home, "outcome", "commit", str(place)).stdout
    assert f"holds the work of {asked}" in noted
    if fate == "rewritten":
        commit(place, "a.py", "four\nfive\nthree\n")
    elif fate == "reverted":
        git(place, "revert", "--no-edit", "HEAD")
    early = run_rolecall(house.home, "outcome", "kept").stdout
    assert early == ""
    told = run_rolecall(house.home, "outcome", "kept", "--days", "0").stdout
    says = {
        "kept": "3 of its 3 lines still stand",
        "rewritten": "1 of its 3 lines still stand",
        "reverted": "a later commit takes it back",
    }
    assert f"{asked}  {'kept' if fate == 'kept' else 'lost'}: after 0 days {says[fate]}" in told
    assert run_rolecall(house.home, "outcome", "kept", "--days", "0").stdout == ""


def counted(house: House) -> int:
    """Verified outcomes that the next decision knows of who plays."""
    house.ask("Something else.")
    newest = house.gateway.decisions(1)[0]["id"]
    decision = house.gateway.json(f"/rolecall/decisions/{newest}")["decision"]
    return int(decision["cascade"][0]["forecast"]["outcomes"])


def test_what_is_told_counts_in_the_running_gateway(cheap: House) -> None:
    """A tool's word at once, one of the command line within seconds."""
    first, second = (cheap.ask(text).headers["x-rolecall-decision"] for text in ("One.", "Two."))
    assert counted(cheap) == 0
    assert cheap.tells({"decision": first, "accepted": True}).status == 201
    assert counted(cheap) == 1
    run_rolecall(cheap.home, "outcome", "report", second, "--failed")
    end = time.monotonic() + 20
    while counted(cheap) != 2:
        assert time.monotonic() < end, "what was told on the command line does not count"
        time.sleep(0.2)


def test_what_nobody_bills_counts_as_it_was_forecast(poor: House) -> None:
    """Streams without usage are spent all the same: some 0.6 USD each, five or six until three."""
    said = [{"role": "user", "content": "Fix it."}]
    body = {"model": "rolecall/auto", "messages": said, "stream": True}
    statuses = [post(poor.gateway.url + "/v1/chat/completions", body).status for _ in range(8)]
    assert statuses.count(200) in {5, 6}
    assert statuses[-1] == 503


def test_a_budget_is_spent_and_stays_spent_after_a_restart(poor: House) -> None:
    """Three dollars: three calls, the warning before, the refusal after, in the client's shape."""
    assert [poor.ask().status for _ in range(3)] == [200, 200, 200]
    newest = poor.gateway.json(f"/rolecall/decisions/{poor.gateway.decisions(1)[0]['id']}")
    assert newest["decision"]["notes"] == []
    refused = poor.ask()
    assert refused.status == 503
    assert "$3.00 of today's $3.00 is spent" in refused.json()["error"]["message"]
    config = (poor.home / "rolecall.toml").read_text()
    poor.gateway.kill()
    with start_gateway(config, poor.home) as again:
        poor.gateway = again
        assert poor.ask().status == 503
    assert len(poor.upstream.asked) == 3
