"""The log as a table."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from rolecall.spoken.figures import dollars, plain, seconds, total_cost
from rolecall.types import Record


def log_table(records: Iterable[Record]) -> Table:
    """One line per decision, newest first; times are the reader's own."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("id", "time", "client", "work", "role", "deployment"):
        table.add_column(name, header_style="bold", no_wrap=name != "deployment", overflow="fold")
    for name in ("status", "tokens", "cost", "total"):
        table.add_column(name, header_style="bold", justify="right", no_wrap=True)
    for record in records:
        table.add_row(*map(plain, _cells(record)))
    return table


def _cells(record: Record) -> tuple[str, ...]:
    decision, signals = record.decision, record.request.signals
    last = record.attempts[-1] if record.attempts else None
    usage = last.usage if last else None
    return (
        decision.id,
        decision.at.astimezone().strftime("%m-%d %H:%M"),
        signals.client or signals.agent or "unknown",
        signals.work if record.request.endpoint == "generate" else "count tokens",
        decision.role,
        last.deployment if last else "nobody",
        str(record.status),
        f"{usage.input_tokens:,} > {usage.output_tokens:,}" if usage else "",
        dollars(total_cost(record)) if usage else "",
        seconds(record.total),
    )
