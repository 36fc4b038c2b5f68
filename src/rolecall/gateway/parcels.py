"""What goes out to a deployment: the client's own bytes, or what stands for them."""

from __future__ import annotations

from urllib.parse import quote

from rolecall.egress.door import Parcel, Target
from rolecall.gateway.call import Call
from rolecall.gateway.headers import outbound, translated
from rolecall.gateway.state import Gateway
from rolecall.routing.candidates import find, is_foreign
from rolecall.types import Candidate
from rolecall.wire.readdress import readdress
from rolecall.wire.thoughts import holds_packed, without


def packed(
    gateway: Gateway, call: Call, candidate: Candidate, *, bare: bool
) -> tuple[Target, Parcel]:
    """Where it goes, and what; `bare` takes all reasoning of models out of it."""
    provider = call.snapshot.providers[find(candidate.deployment, call.snapshot).provider]
    dialect = candidate.dialect or call.taken.request.dialect
    url = provider.endpoints[dialect].url
    if "{model}" in url:
        url = url.replace("{model}", quote(find(candidate.deployment, call.snapshot).model))
    if candidate.dialect is None:
        passed = outbound(call.headers, own_credentials=provider.auth == "client")
        headers = gateway.access.without_token(passed)
        target = Target(url + call.target.suffix, call.query)
        body = _readdressed(call, candidate.deployment)
    else:
        headers = translated(call.headers, dialect)
        target, body = Target(url), call.translator.body(candidate.deployment)
    headers.extend(gateway.door.credentials(provider, dialect))
    return target, Parcel(headers, without(dialect, body, keep_loop=False) if bare else body)


def _readdressed(call: Call, deployment: str) -> bytes:
    """The client's bytes with another model's name; what only another model can read is left out.

    Reasoning of the tool loop that is open stays where this deployment has made it.
    """
    request, session = call.taken.request, call.session
    body, strange = call.taken.body, request.thoughts and holds_packed(call.taken.body)
    if strange or is_foreign(deployment, request, session):
        own_loop = request.loop_open and session.deployment == deployment
        body = without(request.dialect, body, keep_loop=own_loop and not strange)
    in_path = call.target.model is not None
    return body if in_path else readdress(body, find(deployment, call.snapshot).model)
