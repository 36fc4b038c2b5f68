"""Where the bytes of a request may go."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import msgspec
import pytest

import rolecall
from rolecall.privacy.verdict import Clearance, clear, clear_probe
from rolecall.types import Decision, Limit, Provider, Reason, Role
from routing.worlds import AT

ZONES = ("local", "eu", "any", "")


def provider(zone: str) -> Provider:
    return Provider(name="p", endpoints={}, zone=zone)


def admits(clearance: Clearance, zone: str) -> bool:
    return clearance.forbidding(provider(zone)) is None


def decision(role: Role) -> Decision:
    reason = Reason(ground="default", rule="default", says="")
    return Decision(
        id="d", at=AT, snapshot="v", role=role, reason=reason, cascade=(), rejections=()
    )


@pytest.mark.parametrize("zone", ZONES)
def test_local_work_stays_at_home(zone: str) -> None:
    """A decision for the role `local` clears the zone `local` and nothing else."""
    assert admits(clear(decision("local")), zone) == (zone == "local")


@pytest.mark.parametrize("role", sorted(set(get_args(Role)) - {"local"}))
def test_other_work_goes_where_the_stack_sends_it(role: Role) -> None:
    """No rule narrows where the other roles may go."""
    assert all(admits(clear(decision(role)), zone) for zone in ZONES)


@pytest.mark.parametrize("zone", ZONES)
def test_probes_stay_at_home(zone: str) -> None:
    """Looking for engines never asks another machine."""
    assert admits(clear_probe(), zone) == (zone == "local")


@pytest.mark.parametrize("zone", ZONES)
def test_a_limit_goes_with_the_decision(zone: str) -> None:
    """What the rules ask holds at the door; at home anything may be answered."""
    limit = Limit(rule="r", zones=("eu",), says="")
    limited = msgspec.structs.replace(decision("code"), limits=(limit,))
    assert admits(clear(limited), zone) == (zone in {"eu", "local"})


def test_nobody_else_makes_a_clearance() -> None:
    """A pass that was not made by the verdict is none."""
    with pytest.raises(TypeError):
        Clearance(limits=())
    with pytest.raises(TypeError):
        msgspec.structs.replace(clear_probe(), seal=object())


def test_no_other_module_names_the_class() -> None:
    """The door asks for one, and nobody but the verdict calls it."""
    source = Path(rolecall.__file__).parent
    callers = [
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Clearance"
    ]
    assert set(callers) == {"privacy/verdict.py"}
