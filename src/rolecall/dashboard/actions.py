"""What people change on the page: a role pinned, a deployment left alone, a notice acknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import get_args
from urllib.parse import parse_qs

from rolecall.dashboard.desk import Desk
from rolecall.errors import BodyError
from rolecall.gateway.overrides import overrides_of
from rolecall.ledger import overrides
from rolecall.ledger.overrides import Override, Sort
from rolecall.types import ROLES

_LONGEST = 24.0 * 7
"""Hours for which a deployment can be left alone."""
_SUBJECT = 500
"""Characters of a name."""


def form_of(body: bytes) -> dict[str, str]:
    """The fields of a form; of those that come twice the first."""
    found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in found.items()}


def override_of(form: Mapping[str, str], desk: Desk, person: str | None) -> Override:
    """What a form asks for. Raises `BodyError` that says what is wrong with it."""
    sort, subject = _sort(form), form.get("subject", "")
    if not 0 < len(subject) <= _SUBJECT:
        raise BodyError("subject is missing; name a session, a deployment or a notice")
    at, value = desk.now(), form.get("value") or None
    until = _until(form, at) if sort == "alone" else None
    if sort == "role" and value not in ROLES:
        raise BodyError(f"{value!r} is no role; the roles are {', '.join(ROLES)}")
    if sort == "alone" and subject not in desk.gateway.world.deployments:
        raise BodyError(f"{subject!r} is no deployment of the stack in force")
    return Override(sort=sort, subject=subject, at=at, value=value, until=until, person=person)


def keep(desk: Desk, found: Override) -> None:
    """Record it, and follow it from the next request on."""
    overrides.keep(desk.ledger, found)
    follow(desk)


def end(desk: Desk, form: Mapping[str, str]) -> None:
    """Take one back."""
    overrides.end(desk.ledger, _sort(form), form.get("subject", ""), desk.now())
    follow(desk)


def follow(desk: Desk) -> None:
    in_force = overrides.in_force(desk.ledger, desk.now())
    desk.gateway.overrides = overrides_of(in_force)


def _sort(form: Mapping[str, str]) -> Sort:
    given = form.get("sort", "")
    found: Sort | None = next((one for one in get_args(Sort) if one == given), None)
    if found is None:
        raise BodyError(f"sort is {given!r}; give one of {', '.join(get_args(Sort))}")
    return found


def _until(form: Mapping[str, str], at: datetime) -> datetime:
    given = form.get("hours", "1")
    try:
        hours = float(given)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= _LONGEST:
        raise BodyError(f"hours is {given!r}; give a number up to {_LONGEST:g}")
    return at + timedelta(hours=hours)
