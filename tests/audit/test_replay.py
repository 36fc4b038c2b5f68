"""The past through another stack, with the real decision function."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from rolecall.audit.replay import WhatIf, what_if
from rolecall.config.load import load
from rolecall.config.private import privacy
from rolecall.privacy.policy import Policy
from support.audits import ask, audited, stack
from support.histories import CODING, FAILED, PASSED, PLANNING, TRIVIAL, ClaudeLog, Used

OPUS, SONNET, HAIKU = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"
PRIVATE = """
[providers.ollama]
base_url = "http://127.0.0.1:11434"
dialects = ["anthropic.messages"]
zone = "local"
auth = "none"
billed = false

[roles]
code = ["anthropic/claude-sonnet-5-5"]
local = ["ollama/qwen3-coder:30b"]

[workspaces.vault]
path = "/home/ada/vault"

[[privacy.rules]]
name = "vault"
zones = ["local"]
workspaces = ["vault"]
"""


def replayed(home: Path, text: str | None = None) -> WhatIf:
    world = stack(home) if text is None else stack(home, text)
    _, scene = audited(ask(home, in_force=world))
    policy = Policy(privacy(load(home / "rolecall.toml")), None)
    return what_if(scene.pieces, world, scene.tariffs, policy, lambda _done, _all: None)


def test_the_same_stack_changes_nothing(tmp_path: Path) -> None:
    """What the stack would have chosen anyway costs what it did cost, to the cent."""
    log = ClaudeLog(tmp_path, "one")
    log.turn(CODING, SONNET, [Used(write=20_000), Used(read=20_000, write=900), Used(read=20_900)])
    log.turn(CODING, SONNET, [Used(read=21_000)])
    found = replayed(tmp_path)
    assert found.shifts == ()
    assert found.same == 2
    assert found.now == found.before > 0


def test_trivial_work_goes_down_and_planning_up(tmp_path: Path) -> None:
    """The strongest class for planning alone; each shift says what it saves."""
    dear = ClaudeLog(tmp_path, "dear")
    for _ in range(3):
        dear.turn(TRIVIAL, OPUS, [Used(input=10_000)])
    ClaudeLog(tmp_path, "thin").turn(PLANNING, HAIKU, [Used(input=10_000)])
    found = replayed(tmp_path)
    shifts = {(one.was, one.would): one for one in found.shifts}
    down = shifts[f"anthropic/{OPUS}", f"anthropic/{HAIKU}"]
    assert (down.turns, down.role) == (3, "fast")
    assert down.now < down.before
    up = shifts[f"anthropic/{HAIKU}", f"anthropic/{OPUS}"]
    assert (up.turns, up.role) == (1, "plan")
    assert up.now > up.before


def test_quality_is_what_outcomes_say(tmp_path: Path) -> None:
    """An interval where tests told something, and nothing where none did."""
    log = ClaudeLog(tmp_path, "one")
    for tests in (PASSED, PASSED, FAILED):
        log.turn(CODING, OPUS, [Used(), Used()], tests=tests)
        log.at = log.at.replace(day=log.at.day + 1)
    found = replayed(tmp_path)
    [shift] = found.shifts
    assert (shift.was, shift.would) == (f"anthropic/{OPUS}", f"anthropic/{SONNET}")
    assert (shift.was_fared.accepted, shift.was_fared.of) == (2, 3)
    assert shift.was_fared.share is not None
    assert shift.was_fared.share.low < 2 / 3 < shift.was_fared.share.high
    assert (shift.would_fare.of, shift.would_fare.share) == (0, None)


def test_a_workspace_that_stays_home(tmp_path: Path) -> None:
    """A rule by the folder holds for the past as well; the local engine costs nothing."""
    inside = ClaudeLog(tmp_path, "in", folder="/home/ada/vault/src")
    inside.turn(CODING, SONNET, [Used(input=50_000)])
    outside = ClaudeLog(tmp_path, "out", folder="/home/ada/shop")
    outside.turn(CODING, SONNET, [Used(input=50_000)])
    found = replayed(tmp_path, PRIVATE)
    assert (found.private, found.local, found.refused) == (1, 1, 0)
    [shift] = found.shifts
    assert shift.would == "ollama/qwen3-coder:30b"
    assert shift.now == Decimal(0)


def test_a_change_of_model_costs_its_cache(tmp_path: Path) -> None:
    """The first call of another model reads the conversation anew."""
    log = ClaudeLog(tmp_path, "one")
    log.turn(CODING, OPUS, [Used(input=0, write=50_000), Used(input=0, read=50_000, write=100)])
    found = replayed(tmp_path)
    [shift] = found.shifts
    _, scene = audited(ask(tmp_path, in_force=stack(tmp_path)))
    served = scene.tariffs.served("anthropic", SONNET)
    first, second = (bill.call for bill in scene.pieces[0].bills)
    alone = (served.cost(first.counts, first.at) or 0) + (
        served.cost(second.counts, second.at) or 0
    )
    assert shift.now == alone
