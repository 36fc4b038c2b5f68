"""Models by the ids that clients and providers use, each fact with a source and a date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from importlib import resources
from typing import Literal

import msgspec
from msgspec import Struct, field

from rolecall.errors import ConfigError
from rolecall.types import ModelClass

Status = Literal["active", "deprecated", "retired"]


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model as its vendor offers it.

    `status` is that of the vendor's own API; a model whose weights are open outlives it. `retires`
    is the day the vendor names, past or to come. `aliases` are further names of the same model.
    `checked` is the day on which `source` said so.
    """

    id: str
    vendor: str
    model_class: ModelClass = field(name="class")
    status: Status
    retires: date | None = None
    successor: str | None = None
    aliases: tuple[str, ...] = ()
    source: str
    checked: date


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    models: tuple[Model, ...]


def load_models() -> dict[str, Model]:
    """The models that ship with rolecall, by id and by alias. A name is looked up as it stands."""
    text = resources.files("rolecall.catalogue").joinpath("models.toml").read_bytes()
    return by_name(msgspec.toml.decode(text, type=_File).models)


def by_name(models: Iterable[Model]) -> dict[str, Model]:
    """Index by id and alias. Raises `ConfigError` where two models claim a name."""
    named: dict[str, Model] = {}
    for model in models:
        for name in (model.id, *model.aliases):
            if name in named:
                raise ConfigError(
                    f"the catalogue has {name!r} twice, as {named[name].id!r} and as {model.id!r}; "
                    "take the name from one of them"
                )
            named[name] = model
    return named
