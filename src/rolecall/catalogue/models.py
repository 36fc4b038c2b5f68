"""Models, what they can do and where they are served, each fact with a source and its date.

The facts stand in `models.toml`. A fact names its source by a key; the source has a title and the
date for which it speaks. A name is looked up as it stands, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from importlib import resources

import msgspec
from msgspec import Struct, field

from rolecall.errors import ConfigError
from rolecall.types import Afterwards, ModelClass, Thinking


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a fact was read. `dated` is the day for which it speaks: a package's release day."""

    title: str
    dated: date


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tokens."""

    context: int | None = None
    output: int | None = None
    by: str


class Abilities(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model can do; None where no source says. `efforts` go from the least to the most."""

    tools: bool | None = None
    vision: bool | None = None
    fim: bool | None = None
    efforts: tuple[str, ...] | None = None
    by: str


class Thinks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model is told to think in the Messages API, and the levels of effort it knows there."""

    how: Thinking
    efforts: tuple[str, ...]
    by: str


class Weights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Open weights. `memory_gb` is about what they need at four bits, context not counted."""

    licence: str | None = None
    memory_gb: float | None = None
    by: str


class Surface(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place that serves the model, under which name, and for how long.

    `on` is a provider's preset or engine (`openai`, `ollama`), or a product (`codex-chatgpt`,
    `claude-code`). `retires` is the first day on which it is no longer served there; `not_before`
    is the day before which the vendor promises not to. `successor` is the id of a model.
    """

    on: str
    id: str
    released: date | None = None
    deprecated: date | None = None
    retires: date | None = None
    not_before: date | None = None
    then: Afterwards = "gone"
    successor: str | None = None
    context: int | None = None
    """Tokens, where the surface allows other than the model's own limit."""
    note: str | None = None
    by: str | tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of all sources: one may name the day and another the successor."""
        return (self.by,) if isinstance(self.by, str) else self.by


class StatedPrice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """USD per million tokens, where genai-prices has none."""

    input: Decimal
    output: Decimal
    by: str


class Evidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public result on coding work. `measured` says when, as exactly as the source does."""

    benchmark: str
    score: float
    measured: str
    harness: str | None = None
    cost_per_task: Decimal | None = None
    by: str


class Conflict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sources that disagree, left standing."""

    about: str
    says: str
    by: str


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model and what is known of it. `by` is the source of its class and vendor."""

    id: str
    vendor: str
    family: str
    model_class: ModelClass = field(name="class")
    by: str
    aliases: tuple[str, ...] = ()
    limits: Limits | None = None
    can: Abilities | None = None
    thinks: Thinks | None = None
    weights: Weights | None = None
    price: StatedPrice | None = None
    surfaces: tuple[Surface, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


class Facts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The catalogue: sources by key, models in the order of the file."""

    sources: Mapping[str, Source]
    models: tuple[Model, ...]

    def named(self) -> dict[str, Model]:
        """Models by every name: id, alias, and the name on each surface.

        Raises `ConfigError` where two models claim one.
        """
        found: dict[str, Model] = {}
        for model in self.models:
            for name in names(model):
                other = found.setdefault(name, model)
                if other is not model:
                    raise ConfigError(
                        f"the catalogue has {name!r} twice, as {other.id!r} and as {model.id!r}; "
                        "take the name from one of them"
                    )
        return found


def load_facts() -> Facts:
    """The facts that ship with rolecall."""
    text = resources.files("rolecall.catalogue").joinpath("models.toml").read_bytes()
    return msgspec.toml.decode(text, type=Facts)


def names(model: Model) -> Iterable[str]:
    """All names of a model, each once, its id first."""
    return dict.fromkeys((model.id, *model.aliases, *(s.id for s in model.surfaces)))


def sourced(model: Model) -> Iterable[tuple[str, str]]:
    """Every fact of a model as its kind and the key of its source."""
    yield "class", model.by
    singles = {
        "limits": model.limits,
        "abilities": model.can,
        "thinking": model.thinks,
        "weights": model.weights,
        "price": model.price,
    }
    yield from ((kind, fact.by) for kind, fact in singles.items() if fact is not None)
    yield from ((f"surface {s.on}", key) for s in model.surfaces for key in s.sources)
    yield from ((one.benchmark, one.by) for one in model.evidence)
    yield from ((one.about, one.by) for one in model.conflicts)
