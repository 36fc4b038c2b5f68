"""Promises about the source itself."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "rolecall"
OUTBOUND = {"create_connection", "open_connection", "urlopen", "ClientSession", "connect_ex"}


def test_only_egress_opens_connections() -> None:
    """No other module calls what connects outward; the import contracts forbid the libraries."""
    callers = {
        path.relative_to(SOURCE).parts[0]
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in OUTBOUND
    }
    assert callers == {"egress"}
