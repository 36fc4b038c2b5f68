"""Write docs/fidelity.md from the matrix in tests/fidelity, or check that it is up to date.

Usage: python scripts/matrix.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from fidelity.answers import CLIENTS as TOLD  # noqa: E402
from fidelity.answers import FEATURES, AnswerFeature, fate  # noqa: E402 (no package of ours)
from fidelity.features import Feature  # noqa: E402
from fidelity.matrix import CLIENTS, Cell, rows  # noqa: E402
from rolecall.types import MAIN_DIALECTS, Dialect  # noqa: E402

Pair = tuple[Dialect, Dialect]
TARGET = ROOT / "docs" / "fidelity.md"
WHO: dict[Dialect, str] = {
    "openai.chat": "opencode, Mistral Vibe, aider, Continue, pi, mini-swe-agent, llm, Zed, Roo",
    "openai.responses": "Codex; opencode, Vibe and pi can",
    "anthropic.messages": "Claude Code; opencode, Vibe, aider and pi can",
    "google.gemini": "Gemini CLI",
    "ollama.chat": "tools that speak to Ollama alone",
}
"""Who asks in a dialect."""
HEAD = """\
# Fidelity: what a translation carries

Where a provider speaks the client's dialect, nothing is translated: bytes pass as they are, but for
the model's name. Elsewhere the request is read into one model of a conversation and written in the
provider's dialect; the answer comes back as events, streamed as they arrive. What that costs is
measured by `python -m benchmarks.translation`.

A feature is **carried**, **lost** with a word in the decision (`rolecall why`), or **rejected**
before anything is sent. Nothing is lost in silence: `tests/fidelity` fails where it is. A dash
means that the dialect has no such feature; "as it is" that bytes pass.

## Requests, by what the client speaks
"""
ANSWERS = """\
## Answers, by what the client speaks

Each streamed and whole. What is lost here has no place in the client's dialect; the reason stands
below.
"""
LOSSES = """\
## What is lost, in the words of the decision
"""
REJECTIONS = """\
## What is rejected
"""
TAIL = """\
## How it is proved

- The official SDKs (openai 3.54, anthropic 2.12, google-genai 3.4) tell the same story on each
  dialect, streamed and whole; what they parsed is validated by their own models, and each body that
  goes out is checked by the provider's own schema, unknown keys included (`tests/sdks`).
- Two other libraries are asked for the same translations, llm-rosetta 0.13 and any-llm 1.40: 120
  conversations and 60 streams in each direction that they have. Every difference is a defect of
  theirs, named in `tests/oracles/test_oracles.py`, or fails.
- Codex, Claude Code, opencode, Mistral Vibe and aider do a task of several tool calls on each of
  three dialects, and change the model for the second turn (`tests/e2e/test_dialects.py`); Gemini
  CLI does one on each of four (`tests/e2e/test_connect_more.py`).
- Streams are cut at every byte, and each token counts once
  (`tests/wire/translate/test_streams.py`); `tests/gateway/test_translated.py` and
  `test_other_dialects.py` ask through a running gateway.

## What to know

- Answers of `/v1/completions` and `/v1/fim/completions` are told in each other's shape, and in that
  of Ollama's `/api/generate`; a conversation is never asked of what completes texts, nor the
  reverse.
- A stream that breaks off, or sends garbage, ends with an error in the client's dialect.
- Signatures and encrypted reasoning travel through a client of another dialect in the field where
  that client keeps its own, and come back to the model that made them. Another model gets the
  conversation without them, and the decision says so. Where a provider refuses reasoning all the
  same, as after a restart of the gateway, it is asked once more without.
- A conversation that a provider keeps (`previous_response_id`) goes on there and nowhere else.
- Tokens are counted (`/v1/messages/count_tokens`) by providers of the client's dialect alone.
- Usage is what the provider reported. The Messages dialect asks for numbers before there are any:
  its first event says 0.
- A model at home that writes its tool calls as text gets them made real where the whole answer is
  such calls and they fit the tools that were offered; where they do not, the attempt has failed and
  the next of the cascade is asked. Text before a call is not looked through.
"""


def main() -> int:
    """Give 1 where the file on disk is another one."""
    text = "\n".join([HEAD, *_requests(), ANSWERS, *_answers(), *_told()]) + "\n" + TAIL
    if "--check" in sys.argv:
        if TARGET.exists() and TARGET.read_text() == text:
            return 0
        print(f"{TARGET.relative_to(ROOT)} is out of date: run `make docs`", file=sys.stderr)
        return 1
    TARGET.write_text(text)
    return 0


def _requests() -> list[str]:
    lines: list[str] = []
    for client in CLIENTS:
        lines += [*_head(client, "request"), *(_request(client, *row) for row in rows()), ""]
    return lines


def _head(client: Dialect, what: str) -> list[str]:
    way = "to" if what == "request" else "from"
    names = " | ".join(f"{way} `{spoken}`" for spoken in MAIN_DIALECTS)
    return [f"### `{client}` ({WHO[client]})", "", f"| {what} | {names} |", "|---|---|---|---|"]


def _request(client: Dialect, feature: Feature, cells: dict[Pair, Cell]) -> str:
    if client not in feature.bodies:
        return f"| {feature.name} | - | - | - |"
    fates = (_fate(cells, client, spoken) for spoken in MAIN_DIALECTS)
    return f"| {feature.name} | {' | '.join(fates)} |"


def _fate(cells: dict[Pair, Cell], client: Dialect, spoken: Dialect) -> str:
    return "as it is" if client == spoken else cells[client, spoken].fate


def _answers() -> list[str]:
    lines: list[str] = []
    for client in TOLD:
        cells = (_answer(feature, client) for feature in FEATURES)
        lines += [*_head(client, "answer"), *cells, ""]
    lost: dict[str, None] = {}
    for feature in FEATURES:
        for client, says in feature.lost.items():
            lost.setdefault(f"- {feature.name}, for `{client}`: {says}")
    return [*lines, *lost, ""]


def _answer(feature: AnswerFeature, client: Dialect) -> str:
    told = []
    for spoken in MAIN_DIALECTS:
        ways = (True, False) if feature.whole else (True,)
        if spoken == client:
            told.append("as it is")
        elif spoken not in feature.sources:
            told.append("-")
        else:
            fates = {fate(feature, spoken, client, stream=stream) for stream in ways}
            told.append(" or ".join(sorted(fates)))
    return f"| {feature.name} | {' | '.join(told)} |"


def _told() -> list[str]:
    return [LOSSES, *_listed("lost"), "", REJECTIONS, *_listed("rejected"), ""]


def _listed(fate: str) -> list[str]:
    """Each feature with what is said of it, once for all directions that say the same."""
    lines: list[str] = []
    for feature, cells in rows():
        found: dict[str, list[Cell]] = {}
        for one in cells.values():
            if one.fate == fate:
                found.setdefault(one.says, []).append(one)
        lines += [f"- {feature.name}: {says}" for says in found]
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
