"""The stack as a table, and the lines that `rolecall up` begins with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from rolecall import __version__
from rolecall.cli.console import console
from rolecall.config.propose import EMBEDDED
from rolecall.types import ROLES, Dialect, Role, Snapshot

_SMALL = 32_000
"""Tokens below which a coding client's conversation soon does not fit."""
_TOY = (
    "The embedded model is a toy of 135 million parameters: it shows that everything works, and\n"
    "it cannot code. Set a key such as ANTHROPIC_API_KEY, start Ollama, or write rolecall.toml."
)


def print_start(
    snapshot: Snapshot,
    source: str,
    ledger: Path,
    address: tuple[str, int],
    remarks: Sequence[str],
) -> None:
    out = console()
    host, port = address[0], address[1]
    base = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    out.print(f"rolecall {__version__} on {base}")
    out.print(f"stack from {source}, ledger {ledger}\n")
    out.print(stack_table(snapshot))
    if snapshot.policy:
        out.print("\nRules of privacy are in force: `rolecall privacy test FILE` tries them")
    if remarks:
        out.print()
    for remark in remarks:
        out.print(remark)
    known = [d for d in snapshot.deployments.values() if d.context and d.provider != EMBEDDED]
    small = [d for d in known if (d.context or 0) < _SMALL]
    for deployment in small:
        says = "coding clients begin with 10,000 and more; give it at least 64,000"
        out.print(f"\n{deployment.name} reads {deployment.context:,} tokens: {says}")
    if any(name.startswith(f"{EMBEDDED}/") for name in snapshot.deployments):
        out.print(f"\n{_TOY}")
    out.print(f"\nSee what is decided, and why: {base}/")
    out.print(
        f"Connect a client: ANTHROPIC_BASE_URL={base}  or  OPENAI_BASE_URL={base}/v1, "
        "model rolecall/auto"
    )


def stack_table(snapshot: Snapshot) -> Table:
    """Role, who plays it in which order, and where the data goes."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for column in ("role", "cascade", "provider", "zone", "speaks", "reads"):
        table.add_column(column, header_style="bold", overflow="fold")
    for role in ROLES:
        for number, name in enumerate(snapshot.stack.get(role, ())):
            label = _label(role, snapshot) if number == 0 else ""
            table.add_row(label, *_cells(name, snapshot))
        if role not in snapshot.stack:
            table.add_row(role, "nobody", "", "", "", "")
    return table


def _label(role: Role, snapshot: Snapshot) -> str:
    lender = snapshot.borrowed.get(role)
    return role if lender is None else f"{role} (as {lender})"


def _cells(name: str, snapshot: Snapshot) -> tuple[str, ...]:
    deployment = snapshot.deployments[name]
    provider = snapshot.providers[deployment.provider]
    spoken = ", ".join(dict.fromkeys(map(_short, provider.endpoints)))
    reads = "" if deployment.context is None else f"{deployment.context:,} tokens"
    return deployment.model, provider.name, provider.zone, spoken, reads


def _short(dialect: Dialect) -> str:
    """What tells it from the others in a narrow column."""
    vendor, _, name = dialect.partition(".")
    return vendor if vendor == "ollama" else name
