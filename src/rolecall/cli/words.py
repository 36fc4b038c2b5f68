"""Numbers as people read them."""

from __future__ import annotations

from rolecall.types import Usage


def chance(confidence: float | None) -> str:
    """Two digits; nothing was measured where there is none."""
    return "not measured" if confidence is None else f"{confidence:.2f}"


def seconds(duration: float | None) -> str:
    if duration is None:
        return ""
    if duration < 1:
        return f"{duration * 1000:.0f} ms"
    return f"{duration:.1f} s" if duration < 100 else f"{duration / 60:.1f} min"


def tokens(usage: Usage | None) -> str:
    """The four counts in one line."""
    if usage is None:
        return "not reported by the provider"
    cached = f"{usage.cache_read_input_tokens:,} read from cache"
    written = f"{usage.cache_write_input_tokens:,} written to it"
    return (
        f"{usage.input_tokens:,} input tokens ({cached}, {written}), "
        f"{usage.output_tokens:,} output tokens"
    )
