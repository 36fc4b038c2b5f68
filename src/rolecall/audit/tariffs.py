"""What a model of a log is: who serves it, its class, and what its tokens cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from rolecall.audit.history import Call, Counts, Thread
from rolecall.catalogue.prices import Flat, Tariff, cost, flat, rates, tariff
from rolecall.config.known import Known
from rolecall.routing.candidates import find
from rolecall.routing.costs import tariff_of
from rolecall.types import ModelClass, Rates, Role, Snapshot

LOCAL_CACHE = 300.0
"""Seconds that a cache is taken to live where nobody says."""


class Served(Struct, frozen=True, kw_only=True):
    """A model at its provider. `provider` is empty where nobody knows who serves it.

    `local` says that it runs on one's own machine, where tokens cost nothing.
    """

    provider: str
    model: str
    model_class: ModelClass | None = None
    local: bool = False
    tariff: Tariff | None = None
    flat: Flat | None = None
    """The same prices where neither time nor size changes them."""
    long_write: Decimal | None = None
    cache_seconds: float = LOCAL_CACHE

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.model}" if self.provider else self.model or "unknown"

    def cost(self, counts: Counts, at: datetime) -> Decimal | None:
        """USD for a call with these counts; None where no price is known."""
        if self.local:
            return Decimal(0)
        if self.tariff is None:
            return None
        if self.flat is not None:
            size, output, read, write, _, long = counts
            return self.flat.cost(size, output, read, write, long)
        return cost(self.tariff, counts.usage, at, self.long_write)

    @property
    def caches(self) -> bool:
        """Whether reading from its cache has a price of its own."""
        return self.tariff is not None and self.tariff.prices[-1].cache_read is not None

    def rates(self, at: datetime) -> Rates | None:
        return None if self.tariff is None else rates(self.tariff, at)


class Tariffs:
    """Looks models up in the catalogue and in the stack in force; remembers what it found."""

    def __init__(self, known: Known, stack: Snapshot | None) -> None:
        self._known = known
        self._stack = stack
        self._met: dict[tuple[str, str], Served] = {}

    def served(self, provider: str, model: str) -> Served:
        """The model, by the names that a log gives it and its provider."""
        found = self._met.get((provider, model))
        if found is None:
            found = self._met[provider, model] = self._served(provider, model)
        return found

    def deployment(self, name: str) -> Served:
        """A deployment of the stack, or of the catalogue."""
        provider, _, model = name.partition("/")
        return self.served(provider, model)

    @staticmethod
    def billed(call: Call, by: Served) -> Decimal | None:
        """USD of a call. The ledger's own figure counts, then the price, then the client's word."""
        if call.role is not None:
            return call.stated
        found = by.cost(call.counts, call.at)
        return call.stated if found is None else found

    def _served(self, provider: str, model: str) -> Served:
        own = self._of_stack(provider, model)
        if own is not None:
            return own
        engine = self._known.engines.get(provider)
        if engine is not None or provider == "embedded":
            return self._of(provider, model, local=True)
        if provider not in self._known.presets:
            fact = self._known.models.get(model)
            head, _, tail = model.partition("/")
            if fact is None and tail:
                return self.served(head, tail)
            on = fact.surfaces[0].on if fact is not None and fact.surfaces else provider
            provider = on if on in self._known.presets else ""
        return self._of(provider, model)

    def _of_stack(self, provider: str, model: str) -> Served | None:
        stack = self._stack
        if stack is None or provider not in stack.providers:
            return None
        there, deployment = stack.providers[provider], find(f"{provider}/{model}", stack)
        found = tariff_of(self._known.prices, stack, f"{provider}/{model}")
        return Served(
            provider=provider,
            model=model,
            model_class=deployment.model_class or self._class(model),
            local=not there.billed,
            tariff=found,
            flat=None if found is None else flat(found, there.long_write),
            long_write=there.long_write,
            cache_seconds=there.cache_seconds,
        )

    def _of(self, provider: str, model: str, *, local: bool = False) -> Served:
        preset = self._known.presets.get(provider)
        prices = preset.prices if preset else None
        found = None if local else tariff(self._known.prices, prices=prices, model=model)
        long_write = preset.cache.long_write if preset else None
        return Served(
            provider=provider,
            model=model,
            model_class=self._class(model),
            local=local,
            tariff=found,
            flat=None if found is None else flat(found, long_write),
            long_write=long_write,
            cache_seconds=preset.cache.seconds if preset else LOCAL_CACHE,
        )

    def _class(self, model: str) -> ModelClass | None:
        fact = self._known.models.get(model)
        return None if fact is None else fact.model_class

    def suggested(self, provider: str) -> Mapping[Role, str]:
        """Who plays each role at a provider where nothing else is known, by role."""
        preset = self._known.presets.get(provider)
        return {} if preset is None else dict(preset.suggest)


def providers_of(threads: Iterable[Thread], known: Known) -> set[str]:
    """The providers that served calls, as far as the catalogue knows them."""
    tariffs = Tariffs(known, None)
    calls = {(call.provider, call.model) for thread in threads for call in thread.calls}
    return {tariffs.served(provider, model).provider for provider, model in calls}
