"""What differs between a model and its successor, in a few words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rolecall.catalogue.models import Abilities, Model
from rolecall.types import Rates


def differences(old: Model, new: Model, before: Rates | None, after: Rates | None) -> list[str]:
    """Price, context, output and abilities, where they differ or are not known."""
    return [*_prices(before, after), *_limits(old, new), *_abilities(old.can, new.can)]


def _prices(before: Rates | None, after: Rates | None) -> Iterator[str]:
    if before is None or after is None:
        yield "price not known"
        return
    pairs = {
        "input": (before.input, after.input),
        "output": (before.output, after.output),
    }
    changed = [_price(name, *pair) for name, pair in pairs.items() if pair[0] != pair[1]]
    yield ", ".join(changed) if changed else "same price"


def _price(name: str, before: Decimal, after: Decimal) -> str:
    share = f" ({(after - before) / before:+.0%})" if before else ""
    return f"{name} {usd(before)} → {usd(after)}{share}"


def usd(price: Decimal) -> str:
    """At least two decimals, and as many as the price has."""
    digits = -int(price.normalize().as_tuple().exponent)
    return f"${price:.{max(2, digits)}f}"


def _limits(old: Model, new: Model) -> Iterator[str]:
    if old.limits is None or new.limits is None:
        return
    pairs = {
        "context": (old.limits.context, new.limits.context),
        "longest answer": (old.limits.output, new.limits.output),
    }
    for name, (before, after) in pairs.items():
        if before and after and before != after:
            yield f"{name} {before:,} → {after:,}"


def _abilities(old: Abilities | None, new: Abilities | None) -> Iterator[str]:
    if old is None or new is None:
        return
    for name in ("tools", "vision", "fim"):
        before, after = getattr(old, name), getattr(new, name)
        if before and after is not True:
            yield f"{name} not stated" if after is None else f"no {name}"
        elif after and before is False:
            yield f"adds {name}"
    lost = set(old.efforts or ()) - set(new.efforts or old.efforts or ())
    if lost:
        yield f"no reasoning effort {', '.join(sorted(lost))}"
