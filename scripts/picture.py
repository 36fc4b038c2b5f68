"""Draw `docs/decision.svg`: what `rolecall why` prints of one invented request.

The request, the stack and the usage are invented; decision, costs and words are rolecall's own.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from html import escape
from itertools import count
from pathlib import Path

import msgspec

from rolecall.cli.setup import catalogue
from rolecall.config.build import build
from rolecall.config.known import Known
from rolecall.config.settings import ProviderSettings, Settings
from rolecall.gateway.intake import understand
from rolecall.gateway.paths import Target
from rolecall.routing.costs import Price, pricing
from rolecall.routing.decide import decide
from rolecall.routing.rules import load_rules
from rolecall.routing.signals import recogniser
from rolecall.spoken.why import why_text
from rolecall.types import Attempt, Record, Session, Snapshot, Usage

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "decision.svg"
AT = datetime(2026, 11, 23, 9, 41, 7, tzinfo=UTC)
_LINE, _CHARACTER, _EDGE = 22, 9.05, 16
"""Pixels: height of a line, width of a character, margin."""


def main() -> None:
    known = catalogue()
    snapshot = _world(known)
    price = pricing(known.prices, snapshot)
    record = _record(snapshot, _attempt(price))
    drawn = picture(["$ rolecall why last", "", *why_text(record, snapshot, price).splitlines()])
    if "--check" in sys.argv[1:]:
        sys.exit(0 if PICTURE.read_text() == drawn else "docs/decision.svg is out of date")
    PICTURE.write_text(drawn)


def picture(lines: list[str]) -> str:
    """Lines of text as an SVG, as a terminal would show them."""
    width = max(map(len, lines)) * _CHARACTER + 2 * _EDGE
    height = len(lines) * _LINE + 2 * _EDGE
    rows = [
        f'<text xml:space="preserve" x="{_EDGE}" y="{y:g}">{escape(line)}</text>'
        for y, line in zip(count(_EDGE + 0.75 * _LINE, _LINE), lines, strict=False)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">',
            "<title>One decision, as rolecall why tells it</title>",
            "<style>text { font: 15px ui-monospace, Menlo, Consolas, monospace; white-space: pre;",
            "fill: #1f2328 }</style>",
            '<rect width="100%" height="100%" rx="8" fill="#f6f8fa" stroke="#d1d9e0"/>',
            *rows,
            "</svg>\n",
        ]
    )


def _world(known: Known) -> Snapshot:
    settings = Settings(
        providers={"anthropic": ProviderSettings(), "openai": ProviderSettings()},
        roles={
            "plan": ("anthropic/claude-opus-5-5", "openai/gpt-6-astra"),
            "code": ("anthropic/claude-sonnet-5-5", "openai/gpt-6.1-sol"),
            "fast": ("anthropic/claude-haiku-5-5", "openai/gpt-6-luna"),
        },
    )
    return build(settings, known, rules=load_rules().version, at=AT)


def _record(snapshot: Snapshot, attempt: Attempt) -> Record:
    body = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 32000,
        "stream": True,
        "tools": [{"name": name} for name in ("Read", "Grep", "Task", "ExitPlanMode")],
        "messages": [
            {"role": "user", "content": "How should we split the billing service?"},
            {"role": "system", "content": "Plan mode is active"},
        ],
    }
    headers = {"user-agent": "claude-cli/2.1.197 (external, cli)"}
    target = Target("anthropic.messages")
    taken = understand(
        target, "billing", headers, msgspec.json.encode(body), recogniser(load_rules())
    )
    request = msgspec.structs.replace(taken.request, body_bytes=78_400)
    session = Session(key=taken.thread)
    decision = decide(request, snapshot, session, id="1m83n76y8-mjyws")
    return Record(
        decision=decision,
        request=request,
        session=session,
        health={},
        attempts=(attempt,),
        status=200,
        total=14.2,
    )


def _attempt(price: Price) -> Attempt:
    usage = Usage(
        input_tokens=19_842,
        output_tokens=1_306,
        cache_read_input_tokens=16_900,
        cache_write_input_tokens=2_930,
    )
    return Attempt(
        deployment="anthropic/claude-opus-5-5",
        started=AT,
        outcome="answered",
        status=200,
        time_to_first_chunk=1.38,
        total=14.2,
        response_model="claude-opus-5-5",
        usage=usage,
        cost=price("anthropic/claude-opus-5-5", usage, AT),
    )


if __name__ == "__main__":
    main()
