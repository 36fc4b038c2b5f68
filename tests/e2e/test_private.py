"""What is private stays at home when a real client sends it, from the first byte or in mid-work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec import Struct

from e2e import agents, drive
from e2e.stories import AUTO, CLIENTS, Act, require
from privacy.leaks import CANARY
from privacy.test_leaks import RULE, STACK, everything
from support.answers import Script
from support.gateway import start_gateway
from support.upstream import Upstream

pytestmark = pytest.mark.e2e


class Client(Struct, frozen=True):
    """How a client is run, and what a model says to it in a repository."""

    act: Act
    script: Callable[[Path], Script]


def _steps(steps: Callable[[Path], tuple[agents.Step, ...]]) -> Callable[[Path], Script]:
    return lambda repository: agents.working(*steps(repository))


TASK = agents.TASK
RUN: dict[str, Client] = {
    "codex": Client(
        lambda place, url: drive.codex(place, url, AUTO, TASK), _steps(agents.codex_steps)
    ),
    "claude-code": Client(
        lambda place, url: drive.claude_code(
            place, url, AUTO, TASK, "--dangerously-skip-permissions"
        ),
        _steps(agents.claude_code_steps),
    ),
    "opencode": Client(
        lambda place, url: drive.opencode(place, url, AUTO, TASK), _steps(agents.opencode_steps)
    ),
    "mistral-vibe": Client(
        lambda place, url: drive.vibe(place, url, AUTO, TASK, "--auto-approve"),
        _steps(agents.vibe_steps),
    ),
    "aider": Client(
        lambda place, url: drive.aider(place, url, AUTO, "--message", TASK, "greeting.py"),
        lambda _: agents.editing,
    ),
}


class House(Struct):
    """A gateway between a provider outside and an engine at home, which say the same."""

    url: str
    out: Upstream
    home: Upstream


@contextmanager
def house(folder: Path, client: Client, repository: Path, rules: str) -> Iterator[House]:
    script = client.script(repository)
    folder.mkdir()
    with Upstream(script) as out, Upstream(script) as home:
        config = STACK.format(out=out.base_url, home=home.base_url) + rules
        with start_gateway(config, folder) as gateway:
            yield House(url=gateway.url, out=out, home=home)


def placed(folder: Path) -> drive.Place:
    """A repository in whose only file the canary stands."""
    place = drive.prepare(CLIENTS, folder)
    with (place.repository / "greeting.py").open("a") as file:
        file.write(f"# {CANARY}\n")
    drive.run(place, ["git", "commit", "--quiet", "-am", "a remark"], {})
    return place


@pytest.mark.parametrize("client", list(RUN))
def test_a_canary_met_in_mid_work_never_gets_out(client: str, tmp_path: Path) -> None:
    """The first turn goes out; from the file on, the session is answered at home."""
    require(client)
    place = placed(tmp_path / "run")
    with house(tmp_path / "house", RUN[client], place.repository, RULE) as there:
        ran = RUN[client].act(place, there.url)
        assert ran.code == 0, ran.stderr
        assert any(CANARY.encode() in everything(one) for one in there.home.received)
        assert not any(CANARY.encode() in everything(one) for one in there.out.received)


@pytest.mark.parametrize("client", ["claude-code", "codex"])
def test_one_folder_stays_at_home_and_another_goes_out(client: str, tmp_path: Path) -> None:
    """One rule, and the base URL that `rolecall workspace add` prints."""
    require(client)
    shop, other = placed(tmp_path / "shop"), placed(tmp_path / "other")
    rule = f"""
[workspaces.shop]
path = "{shop.repository}"

[[privacy.rules]]
name = "the shop"
workspaces = ["shop"]
"""
    with house(tmp_path / "house", RUN[client], shop.repository, rule) as there:
        assert RUN[client].act(shop, f"{there.url}/w/shop").code == 0
        assert there.home.asked
        assert not there.out.received
        there.out.script = RUN[client].script(other.repository)
        assert RUN[client].act(other, there.url).code == 0
        assert any(CANARY.encode() in everything(one) for one in there.out.received)
