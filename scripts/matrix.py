"""Write docs/fidelity.md from the matrix in tests/fidelity, or check that it is up to date.

Usage: python scripts/matrix.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from fidelity.matrix import PAIRS, Cell, rows  # noqa: E402 (the tests are no package of ours)

TARGET = ROOT / "docs" / "fidelity.md"
SHORT = {"openai.chat": "chat", "openai.responses": "responses", "anthropic.messages": "messages"}
HEAD = """\
# Fidelity: what a translation carries

Where a provider speaks the client's dialect, nothing is translated: bytes pass as they are, but for
the model's name. Elsewhere the request is read into one model of a conversation and written in the
provider's dialect; the answer comes back as events, streamed as they arrive. What that costs is
measured by `python -m benchmarks.translation`.

A feature of a request is **carried**, **lost** with a word in the decision (`rolecall why`), or
**rejected** before anything is sent. Nothing is lost in silence: `tests/fidelity` fails where it
is. A dash means that the client's dialect has no such feature.
"""
LOSSES = """\
## What is lost, in the words of the decision
"""
REJECTIONS = """\
## What is rejected
"""
TAIL = """\
## Answers

Texts, reasoning, parallel tool calls with streamed arguments, refusals, why an answer ended, usage
and errors are carried in all six directions. `tests/wire/translate/test_streams.py` cuts streams at
every byte and counts each token once; `tests/gateway/test_translated.py` asks through a running
gateway; `tests/e2e/test_dialects.py` lets Codex, Claude Code, opencode, Mistral Vibe and aider do a
task of several tool calls on each dialect, and change the model for the second turn.

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
    text = "\n".join([HEAD, *_table(), "", *_told()]) + "\n" + TAIL
    if "--check" in sys.argv:
        if TARGET.exists() and TARGET.read_text() == text:
            return 0
        print(f"{TARGET.relative_to(ROOT)} is out of date: run `make docs`", file=sys.stderr)
        return 1
    TARGET.write_text(text)
    return 0


def _table() -> list[str]:
    names = [f"{SHORT[a]} to {SHORT[b]}" for a, b in PAIRS]
    lines = [f"| request | {' | '.join(names)} |", "|---" * (len(PAIRS) + 1) + "|"]
    for feature, cells in rows():
        fates = [cells[pair].fate if pair in cells else "-" for pair in PAIRS]
        lines.append(f"| {feature.name} | {' | '.join(fates)} |")
    return lines


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
