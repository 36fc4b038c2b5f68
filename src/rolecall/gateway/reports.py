"""`POST /rolecall/outcomes`: a tool says what became of the work."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecall.errors import BodyError, RouteError
from rolecall.gateway.listed import as_json, small
from rolecall.gateway.state import Gateway
from rolecall.ledger import outcomes
from rolecall.routing.progress import reported

_LONGEST_WORD = 300
_FORM = '{"decision": "ID", "accepted": true, "says": "how you know"}'


class Report(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`decision` is what the answer's header `x-rolecall-decision` said."""

    decision: str
    accepted: bool
    says: str = "reported by a tool"


_report = msgspec.json.Decoder(Report)


def reports(gateway: Gateway) -> list[Route]:
    """Where outcomes are told and read."""

    async def tell(request: Request) -> Response:
        given = await _read(request)
        found = gateway.ledger.find(given.decision)
        if len(found) != 1 or found[0].decision.id != given.decision:
            raise RouteError(f"{given.decision!r} names no decision; see /rolecall/decisions")
        now = datetime.now(UTC)
        outcome = reported(
            found[0],
            outcomes.of(gateway.ledger, given.decision),
            how="tool",
            accepted=given.accepted,
            says=given.says[:_LONGEST_WORD],
            at=now,
        )
        if outcome is None:
            raise BodyError(f"nobody answered {given.decision}; there is no work to judge")
        outcomes.keep(gateway.ledger, [outcome])
        gateway.scoreboard.take([outcome], now)
        return as_json(outcome, status=201)

    return [Route("/rolecall/outcomes", tell, methods=["POST"])]


async def _read(request: Request) -> Report:
    body = await small(request, "the body tells one outcome")
    try:
        return _report.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BodyError(f"the outcome cannot be read: {error}; send {_FORM}") from error
