"""Draw `docs/decision.svg`: what `rolecall why` prints of one invented request.

The request, the stack and the usage are invented; decision, costs and words are rolecall's own.
"""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text

from rolecall.cli.print_why import why_text
from rolecall.cli.setup import catalogue
from rolecall.config.build import Known, build
from rolecall.config.settings import ProviderSettings, Settings
from rolecall.gateway.intake import understand
from rolecall.gateway.paths import Target
from rolecall.routing.costs import Price, pricing
from rolecall.routing.decide import decide
from rolecall.routing.rules import load_rules
from rolecall.types import Attempt, Record, Session, Snapshot, Usage

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "decision.svg"
AT = datetime(2026, 11, 23, 9, 41, 7, tzinfo=UTC)
WIDTH = 118
_FORMAT = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>rolecall why: one decision explained</title>
<style>text {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px }}
{styles}</style>
<rect width="100%" height="100%" rx="8" fill="#ffffff" stroke="#d0d0d0"/>
<g transform="translate(14, 10)"><defs>{lines}</defs>{backgrounds}{matrix}</g>
</svg>
"""


def main() -> None:
    known = catalogue()
    snapshot = _world(known)
    price = pricing(known.prices, snapshot)
    record = _record(snapshot, _attempt(price))
    console = Console(record=True, width=WIDTH, file=io.StringIO(), highlight=False)
    console.print(Text("$ rolecall why last", style="bold"))
    console.print(Text(why_text(record, snapshot, price)))
    drawn = console.export_svg(
        title="", theme=DEFAULT_TERMINAL_THEME, code_format=_FORMAT, unique_id="why"
    )
    if "--check" in sys.argv[1:]:
        sys.exit(0 if PICTURE.read_text() == drawn else "docs/decision.svg is out of date")
    PICTURE.write_text(drawn)


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
    taken = understand(target, "billing", headers, msgspec.json.encode(body), load_rules())
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
