"""Cursor, which cannot be connected.

Sources: developers.cloudflare.com/ai-gateway/integrations/coding-agents/cursor and
ngrok.com/docs/gateway/examples/cursor-local-llm, both read 2026-11-24.
"""

from __future__ import annotations

from rolecall.connect.client import Client

CURSOR = Client(
    name="cursor",
    program="cursor",
    targets=lambda _machine, _bond: (),
    cannot=(
        "its own servers call the model, and they cannot reach this machine; it would take a "
        "public https address in front of rolecall, with a token, in its settings under Models"
    ),
)
