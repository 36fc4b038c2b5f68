"""The audit reports exactly what the real clients have used, from the logs that they leave."""

from __future__ import annotations

import json
import platform
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, structs

from e2e import agents, drive
from e2e.stories import CLIENTS, MORE_PROGRAMS, require
from e2e.test_connect_more import CALM, WORDS, rolecall, working
from rolecall.audit.history import Counts
from rolecall.audit.pieces import Piece
from rolecall.audit.report import Report
from rolecall.catalogue.prices import cost, tariff
from support.answers import Answer, Received, Script, Tokens
from support.audits import ask, audited, known
from support.gateway import run_rolecall, start_gateway
from support.upstream import Upstream

pytestmark = pytest.mark.e2e

OPUS, SONNET, SOL = "claude-opus-5-5", "claude-sonnet-5-5", "gpt-6.1-sol"
FREE = "--dangerously-skip-permissions"
HAS_CCUSAGE = (sys.platform, platform.machine()) == ("linux", "x86_64")
PEERS = {
    "claude-code": "claude",
    "codex": "codex",
    "opencode": "opencode",
    "gemini-cli": "gemini",
    "pi": "pi",
}
"""What ccusage calls the clients whose logs it reads as well."""


class Said(Struct, frozen=True):
    """What the upstream reported for one answer, and whether it was a chore of the client's own."""

    tokens: Tokens
    chore: bool


class Counting:
    """A script whose answers each report other counts, and that remembers them."""

    def __init__(self, script: Script, *, writes: bool = False) -> None:
        self.said: list[Said] = []
        self._script = script
        self._writes = writes

    def __call__(self, received: Received) -> Answer:
        number = len(self.said)
        tokens = Tokens(
            input=3000 + 17 * number,
            output=60 + number,
            cache_read=1000 + number,
            cache_write=500 + number if self._writes else 0,
        )
        self.said.append(Said(tokens, agents.is_chore(received)))
        return structs.replace(self._script(received), tokens=tokens)

    def counts(self) -> Counter[Counts]:
        """What is to be found in the logs: none of the clients logs its titles."""
        return Counter(_counts(one.tokens) for one in self.said if not one.chore)


def _counts(tokens: Tokens) -> Counts:
    return Counts(
        tokens.input, tokens.output, tokens.cache_read, tokens.cache_write, tokens.reasoning
    )


def told(pieces: list[Piece]) -> Counter[Counts]:
    return Counter(bill.call.counts for piece in pieces for bill in piece.bills)


def price(counts: Counter[Counts], provider: str, model: str, report: Report) -> Decimal:
    """USD for these calls, by the catalogue alone."""
    found = tariff(known().prices, prices=provider, model=model)
    assert found is not None
    each = ((cost(found, one.usage, report.until), times) for one, times in counts.items())
    return sum(((amount or Decimal(0)) * times for amount, times in each), Decimal(0))


def check(place: drive.Place, script: Counting, provider: str, model: str) -> Report:
    """Audit the client's home: the counts and their price, and nothing skipped."""
    report, scene = audited(ask(place.home))
    expected = script.counts()
    assert told(list(scene.pieces)) == expected
    assert report.total.calls == expected.total()
    assert report.total.cost == price(expected, provider, model, report) > 0
    assert not [note for note in report.notes if "records" in note or "lines" in note]
    workspaces = {piece.thread.workspace for piece in scene.pieces}
    assert workspaces == {str(place.repository)}
    return report


def test_claude_code_resumed_forked_and_with_a_subagent(tmp_path: Path) -> None:
    """A task, a sub-agent, the session resumed, and forked: each answer counts once."""
    require("claude-code")
    place = drive.prepare(CLIENTS, tmp_path / "run")
    steps = agents.claude_code_steps(place.repository)
    steps += agents.claude_code_subagent(place.repository)
    script = Counting(agents.working(*steps), writes=True)
    with Upstream(script) as upstream:

        def claude(*words: str) -> str:
            ran = drive.claude_code(place, upstream.url, SONNET, *words, FREE)
            assert ran.code == 0, ran.stderr
            return str(json.loads(ran.stdout)["session_id"])

        first = claude(agents.TASK)
        claude("Is it done?", "--resume", first)
        fork = claude("And now?", "--resume", first, "--fork-session")
    assert fork != first
    report = check(place, script, "anthropic", SONNET)
    assert [one.name for one in report.by_client] == ["claude-code"]
    assert len(script.said) >= 8
    compare(place, report, "claude-code")


def compare(place: drive.Place, report: Report, *clients: str) -> None:
    """Let ccusage read the same logs: the same counts, but its input is without cached parts.

    Its prices do not know the models of these tests (docs/audit.md says what differs besides). The
    pins name its program for Linux on x86-64 alone.
    """
    if not HAS_CCUSAGE:
        return
    own = {one.name: one for one in report.by_client}
    for client in clients:
        found, sums = own[client], usage_by_ccusage(place, PEERS[client])
        cached = sums["cacheReadTokens"] + sums["cacheCreationTokens"]
        assert sums["cacheReadTokens"] == found.cache_read_input_tokens
        assert sums["inputTokens"] + cached == found.input_tokens
        assert sums["outputTokens"] == found.output_tokens


def usage_by_ccusage(place: drive.Place, client: str) -> dict[str, Any]:
    """Its totals. The package holds a program that nobody may run, so a copy is run."""
    packed = place.program("node/node_modules/@ccusage/ccusage-linux-x64/bin/ccusage")
    program = shutil.copy(packed, place.home.parent / "ccusage")
    Path(program).chmod(0o700)
    ran = drive.run(place, [str(program), client, "daily", "--json", "--offline"], {})
    assert ran.code == 0, ran.stderr
    totals: dict[str, Any] = json.loads(ran.stdout)["totals"]
    return totals


def test_codex_resumed_and_with_a_subagent(tmp_path: Path) -> None:
    """A sub-agent has a rollout of its own; a resumed session goes on in its file."""
    require("codex")
    place = drive.prepare(CLIENTS, tmp_path / "run")
    script = Counting(agents.codex_subagent)
    with Upstream(script) as upstream:
        for words in ((agents.TASK,), ("resume", "--last", "Is it done?")):
            ran = drive.codex(place, upstream.url, SONNET, *words)
            assert ran.code == 0, ran.stderr
    report = check(place, script, "anthropic", SONNET)
    assert {one.name for one in report.by_role} >= {"code", "fast"}
    compare(place, report, "codex")


def test_codex_forked(tmp_path: Path) -> None:
    """A sub-agent that takes its parent's history along, and a fork: nothing counts twice."""
    require("codex")
    place = drive.prepare(CLIENTS, tmp_path / "run")

    def with_history(received: Received) -> Answer:
        found = agents.codex_subagent(received)
        calls = tuple(
            structs.replace(call, arguments={**call.arguments, "fork_context": True})
            if call.name == "spawn_agent"
            else call
            for call in found.tool_calls
        )
        return structs.replace(found, tool_calls=calls)

    script = Counting(with_history)
    with Upstream(script) as upstream:
        ran = drive.codex(place, upstream.url, SONNET, agents.TASK)
        assert ran.code == 0, ran.stderr
        [session] = re.findall(r"session id: (\S+)", ran.stderr)
        ran = drive.codex(place, upstream.url, SONNET, "fork", session, "Is it done?")
        assert ran.code == 0, ran.stderr
    report = check(place, script, "anthropic", SONNET)
    assert report.total.calls == 5
    compare(place, report, "codex")


def test_codex_with_a_model_it_knows(tmp_path: Path) -> None:
    """It offers its tools among the messages then."""
    require("codex")
    place = drive.prepare(CLIENTS, tmp_path / "run")
    script = Counting(agents.working())
    with Upstream(script) as upstream:
        ran = drive.codex(place, upstream.url, SOL, agents.TASK)
        assert ran.code == 0, ran.stderr
    assert not script.said[0].chore
    check(place, script, "openai", SOL)


def test_opencode_continued_and_forked(tmp_path: Path) -> None:
    """A fork repeats the messages in the database; ccusage 20.0.24 counts those again."""
    require("opencode")
    place = drive.prepare(CLIENTS, tmp_path / "run")
    script = Counting(agents.working(*agents.opencode_steps(place.repository)))
    with Upstream(script) as upstream:

        def opencode(*words: str) -> Report:
            ran = drive.opencode(place, upstream.url, SOL, *words)
            assert ran.code == 0, ran.stderr
            return check(place, script, "openai", SOL)

        opencode(agents.TASK)
        before = opencode("--continue", "Done?")
        compare(place, before, "opencode")
        forked = opencode("--continue", "--fork", "Sure?")
    if HAS_CCUSAGE:
        twice = usage_by_ccusage(place, "opencode")["outputTokens"]
        assert twice == forked.total.output_tokens + before.total.output_tokens


def test_vibe_continued(tmp_path: Path) -> None:
    """What older journals said is kept only as a sum, and the sum is right."""
    require("mistral-vibe")
    place = drive.prepare(CLIENTS, tmp_path / "run")
    script = Counting(agents.working(*agents.vibe_steps(place.repository)))
    with Upstream(script) as upstream:
        for words in ((agents.TASK,), ("Is it done?", "--continue")):
            ran = drive.vibe(place, upstream.url, SOL, *words, "--auto-approve")
            assert ran.code == 0, ran.stderr
    report, _ = audited(ask(place.home))
    expected = script.counts()
    assert report.total.input_tokens == sum(n.input * times for n, times in expected.items())
    assert report.total.output_tokens == sum(n.output * times for n, times in expected.items())
    assert report.total.cache_read_input_tokens == sum(n.read * t for n, t in expected.items())
    assert report.total.cost == price(expected, "openai", SOL, report)


def test_aider_as_it_rounds(tmp_path: Path) -> None:
    """It prints 3,000 tokens as 3.0k, and its commit messages not at all."""
    require("aider")
    place = drive.prepare(CLIENTS, tmp_path / "run")
    script = Counting(agents.editing)
    with Upstream(script) as upstream:
        ran = drive.aider(
            place, upstream.url, SOL, "--no-stream", "--message", agents.TASK, "greeting.py"
        )
        assert ran.code == 0, ran.stderr
    report, scene = audited(ask(place.home, [place.repository]))
    first = script.said[0].tokens
    [one] = told(list(scene.pieces)).elements()
    assert (one.input, one.output) == (round(first.input, -2), first.output)
    assert report.by_model[0].name == f"openai/{SOL}"


@pytest.mark.parametrize("client", sorted(MORE_PROGRAMS))
def test_the_other_clients(client: str, tmp_path: Path) -> None:
    """Connected to rolecall, each is told once: by the ledger, and by its log no second time."""
    require(client)
    place = drive.prepare(CLIENTS, tmp_path / "run")
    script = Counting(working(place.repository))
    with Upstream(script) as upstream:
        config = (
            f'[providers.scripted]\nbase_url = "{upstream.base_url}"\n'
            'dialects = ["openai.chat"]\nauth = "none"\n\n'
            '[roles]\ncode = ["scripted/code-model"]\n'
        )
        with start_gateway(config, tmp_path) as gateway:
            port = gateway.url.rpartition(":")[2]
            (place.home / "rolecall.toml").write_text(f"{config}\n[server]\nport = {port}\n")
            environ = {**drive.environment(place), **CALM}
            assert rolecall(place, environ, "connect", client, "--yes") == 0
            ran = drive.run(place, [place.program(MORE_PROGRAMS[client]), *WORDS[client]], environ)
            assert ran.code == 0, ran.stdout + ran.stderr
    expected = Counter(_counts(one.tokens) for one in script.said)
    alone, scene = audited(ask(place.home))
    own = told(list(scene.pieces))
    assert own, alone.notes
    assert own <= expected
    assert len(own) >= len([one for one in script.said if not one.chore]) - 1
    if client in PEERS:
        compare(place, alone, client)
    _, both = audited(ask(place.home, [place.home, tmp_path]))
    assert told(list(both.pieces)) == expected


def test_a_home_with_logs_of_five_clients(tmp_path: Path) -> None:
    """As a new user runs it: one summary of what each of them has used, and what to do about it."""
    for client in PROGRAMS:
        require(client)
    place = drive.prepare(CLIENTS, tmp_path / "run")
    scripts: dict[str, Counting] = {}
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(_trivial, place, scripts)]
        jobs += [pool.submit(_once, place, scripts, client) for client in ONE_RUN]
        assert [job.result() for job in jobs] == [0] * 5
    done = run_rolecall(place.home, "audit", env=drive.environment(place))
    assert done.returncode == 0, done.stderr
    done_json = run_rolecall(place.home, "audit", "--json", env=drive.environment(place))
    report = json.loads(done_json.stdout)
    own = {one["name"]: one for one in report["by_client"]}
    assert own.keys() == scripts.keys() == set(PROGRAMS)
    for client, script in scripts.items():
        assert client in done.stdout
        if client != "aider":  # it rounds, and does not count its commit messages
            expected = script.counts()
            assert own[client]["calls"] == expected.total()
            assert own[client]["input_tokens"] == sum(n.input * m for n, m in expected.items())
            assert own[client]["output_tokens"] == sum(n.output * m for n, m in expected.items())
    assert "premium-on-trivial  3 of 3 turns" in done.stdout
    assert "rolecall init" in done.stdout


def _trivial(place: drive.Place, scripts: dict[str, Counting]) -> int:
    """Three small things in one session of Claude Code, by the strongest class."""
    script = scripts["claude-code"] = Counting(agents.working(), writes=True)
    words = ("Fix the typo in the README heading.", "Reformat the table in the README.")
    with Upstream(script) as upstream:
        resume: tuple[str, ...] = ()
        for said in (*words, "Add docstrings to the functions in greeting.py."):
            ran = drive.claude_code(place, upstream.url, OPUS, said, *resume, FREE)
            assert ran.code == 0, ran.stderr
            resume = ("--resume", str(json.loads(ran.stdout)["session_id"]))
    return 0


def _once(place: drive.Place, scripts: dict[str, Counting], client: str) -> int:
    script = scripts[client] = Counting(agents.editing if client == "aider" else agents.working())
    run, words = ONE_RUN[client]
    with Upstream(script) as upstream:
        return run(place, upstream.url, SOL, *words).code


ONE_RUN: dict[str, tuple[Callable[..., drive.Ran], tuple[str, ...]]] = {
    "codex": (drive.codex, (agents.TASK,)),
    "opencode": (drive.opencode, (agents.TASK,)),
    "mistral-vibe": (drive.vibe, (agents.TASK, "--auto-approve")),
    "aider": (drive.aider, ("--no-stream", "--message", agents.TASK, "greeting.py")),
}
PROGRAMS = ("claude-code", *ONE_RUN)
