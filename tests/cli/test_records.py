"""`log`, `why` and `replay` of records that are odd, many, or damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from support.answers import say
from support.gateway import STACK, Gateway, start_gateway
from support.http import post
from support.upstream import Upstream

ODD_NAMES = ("up/[/bold]", "up/[red]a:key:b", "up/ü模型")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that was asked for models with odd names, and by a client with odd tools."""
    home = tmp_path_factory.mktemp("odd")
    with Upstream(say("ok")) as upstream:
        with start_gateway(STACK.format(base_url=upstream.base_url), home) as gateway:
            for name in ODD_NAMES:
                url = gateway.url + "/w/shop/v1/chat/completions"
                assert post(url, {"model": name, "messages": []}).status == 200
            call = {"type": "function", "function": {"name": "\x1b[31mred\n", "arguments": ""}}
            said = [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "content": "x"}]
            body = {"model": "rolecall/plan", "messages": said}
            post(gateway.url + "/v1/chat/completions", body, {"x-rolecall-why": "it's \x9b3Jdue"})
        yield gateway


def test_names_are_printed_as_they_are(odd: Gateway) -> None:
    """Brackets and colons in a model's name are no style of the table."""
    said = odd.rolecall("log").stdout
    assert all(name in said for name in ODD_NAMES)


def test_no_control_character_reaches_the_terminal(odd: Gateway) -> None:
    """Names of tools and words of a header come from others: they move no cursor."""
    for command in (("why", "last"), ("log",)):
        said = odd.rolecall(*command).stdout
        assert all(c.isprintable() or c == "\n" for c in said)
    assert "it's \\x9b3Jdue" in odd.rolecall("why", "last").stdout


def test_limit_of_the_log(odd: Gateway) -> None:
    """The newest come first, and no more than asked for."""
    newest = msgspec.json.decode(odd.rolecall("log", "--limit", "2", "--json").stdout)
    assert [one["role"] for one in newest] == ["plan", "code"]
    assert newest[1]["deployment"] == ODD_NAMES[-1]
    assert newest[1]["workspace"] == "shop"


def test_beginning_of_an_id_is_enough_if_it_names_one(odd: Gateway) -> None:
    """Several that begin alike are an error that asks for more."""
    found = msgspec.json.decode(odd.rolecall("log", "--json").stdout)
    whole = odd.rolecall("why", found[2]["id"])
    assert whole.stdout.startswith(found[2]["id"])
    assert "workspace shop" in whole.stdout
    several = odd.rolecall("why", found[2]["id"][:2])
    assert several.returncode == 1
    assert "several decisions begin with" in several.stderr


def test_why_of_a_pin_names_the_ask(odd: Gateway) -> None:
    """Nobody else could have played, and the text says who asked."""
    found = msgspec.json.decode(odd.rolecall("log", "--json").stdout)
    told = msgspec.json.decode(odd.rolecall("why", found[1]["id"], "--json").stdout)
    assert [c["deployment"] for c in told["decision"]["cascade"]] == [ODD_NAMES[-1]]
    assert told["request"]["asked_model"] == ODD_NAMES[-1]


def test_replay_of_all(odd: Gateway) -> None:
    """Records of any request come out as they were."""
    done = odd.rolecall("replay")
    assert (done.returncode, done.stdout) == (0, "4 decisions replayed, 0 differ\n")


def test_damaged_record_is_named(odd: Gateway, tmp_path: Path) -> None:
    """A record that is no JSON any more is one line, not a traceback."""
    config = f'[ledger]\npath = "{tmp_path}/copy.sqlite"\n'
    copy = sqlite3.connect(tmp_path / "copy.sqlite")
    source = sqlite3.connect(odd.home / "data/rolecall/ledger.sqlite")
    source.backup(copy)
    source.close()
    copy.execute("UPDATE decisions SET facts = substr(facts, 1, 100)")
    copy.commit()
    copy.close()
    (tmp_path / "r.toml").write_text(config + STACK.format(base_url="http://127.0.0.1:9/v1"))
    for command in ("log", "why", "replay"):
        done = odd.rolecall(command, "--config", str(tmp_path / "r.toml"))
        assert done.returncode == 1
        assert done.stderr.startswith("rolecall: the record ")
        assert done.stderr.count("\n") == 1
