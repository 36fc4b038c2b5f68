"""What `rolecall catalogue refresh` does: ask, read, and lay it over the facts."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import date, datetime
from importlib.util import find_spec

import msgspec
from msgspec import Struct

from rolecall.catalogue.lifecycle import ENDED, stage
from rolecall.catalogue.listings import Listing, UnknownShapeError, read
from rolecall.catalogue.models import Facts, Source
from rolecall.catalogue.overlay import Heard, Overlay, changed
from rolecall.catalogue.prices import PriceBook
from rolecall.catalogue.providers import ModelList, Preset, load_channels
from rolecall.config.known import Known
from rolecall.config.settings import ProviderSettings, Settings
from rolecall.egress.lists import Answer, Question
from rolecall.types import Endpoint

MODELS_DEV, PRICES = "models.dev", "genai-prices"


class Told(Struct, frozen=True, kw_only=True):
    """What came of one question. `known` counts names that the catalogue knows."""

    about: str
    wrong: str | None = None
    listed: int = 0
    known: int = 0
    odd: int = 0


class Refreshed(Struct, frozen=True, kw_only=True):
    """The overlay, and what came of each question."""

    overlay: Overlay
    told: tuple[Told, ...]

    @property
    def anything(self) -> bool:
        """Whether any list was read."""
        return any(one.wrong is None for one in self.told)


def secrets(settings: Settings, known: Known, environ: Mapping[str, str]) -> dict[str, str]:
    """Keys by provider, from the variable that the user named for it, else from the usual ones.

    None for a provider that is asked without rolecall's key: it may stand at another address.
    """
    found: dict[str, str] = {}
    for name, preset in known.presets.items():
        own = settings.providers.get(name, ProviderSettings())
        variables = preset.key_env if own.key_env is None else (own.key_env,)
        value = next((v for n in variables if (v := environ.get(n, "").strip())), "")
        if value and own.auth in {None, "key"}:
            found[name] = value
    return found


def questions(settings: Settings, known: Known, with_key: Container[str]) -> list[Question]:
    """The lists of providers whose key is set, and those that need none."""
    found = [
        Question(about=name, url=_url(preset.list, name, settings), key=_key(preset))
        for name, preset in known.presets.items()
        if preset.list is not None and (name in with_key or preset.list.public)
    ]
    models_dev, channel = load_channels()
    dev = settings.catalogue.models_dev or models_dev.url
    found.append(Question(about=MODELS_DEV, url=dev))
    if find_spec("genai_prices") is not None:
        found.append(Question(about=PRICES, url=settings.catalogue.prices or channel.url))
    return found


def _url(asked: ModelList, name: str, settings: Settings) -> str:
    """Where the user has a provider answer at another place, its list is there too."""
    own = settings.providers.get(name)
    if own is None or own.base_url is None:
        return asked.url
    _, mark, query = asked.url.partition("?")
    return f"{own.base_url.rstrip('/')}/models{mark}{query}"


def _key(preset: Preset) -> Endpoint | None:
    """The key goes where any endpoint of the provider takes it."""
    if preset.list is None or preset.list.public:
        return None
    first = next(iter(preset.endpoints.values()))
    return Endpoint(url=first.url, key_header=first.key_header)


def refreshed(
    answers: Sequence[Answer], known: Known, earlier: Overlay | None, at: datetime
) -> Refreshed:
    """Lay the answers over what an earlier refresh has heard. Lists that fail leave it alone."""
    told: list[Told] = []
    heard: list[Heard] = []
    sources: dict[str, Source] = {}
    book: PriceBook | None = None
    for answer in answers:
        about, body = answer.question.about, answer.body
        if body is None:
            told.append(Told(about=about, wrong=answer.wrong))
            continue
        sources[about] = Source(title=f"{about}, asked by you", dated=at.date())
        try:
            if about == PRICES:
                book = _book(body, at.date())
                told.append(Told(about=about, listed=sum(map(len, book.providers.values()))))
            else:
                lists = list(_lists(about, body, known, at.date()))
                heard += [one for one, _ in lists]
                told.append(_counted(about, lists))
        except (UnknownShapeError, ValueError) as error:
            told.append(Told(about=about, wrong=_first_line(error)))
    overlay = Overlay(
        made=at,
        sources=sources,
        lists=tuple(heard),
        prices=None if book is None else book.source,
        tariffs={} if book is None else changed(known.prices, book),
    )
    return Refreshed(
        overlay=_with_earlier(overlay, earlier, has_prices=book is not None), told=tuple(told)
    )


def _lists(about: str, body: bytes, known: Known, day: date) -> Iterator[tuple[Heard, Listing]]:
    """A provider's own list, or models.dev's for each provider."""
    if about != MODELS_DEV:
        asked = known.presets[about].list
        if asked is not None:
            listing = read(asked.shape, body, today=day)
            yield _heard(about, about, listing, known.facts, day, own=asked.complete), listing
        return
    for name, preset in known.presets.items():
        if preset.models_dev is not None:
            listing = read("models-dev", body, today=day, section=preset.models_dev)
            yield _heard(name, MODELS_DEV, listing, known.facts, day, own=False), listing


def _heard(on: str, source: str, listing: Listing, facts: Facts, day: date, *, own: bool) -> Heard:
    """What of a list concerns models that the catalogue knows there."""
    surfaces = {s.id: s for model in facts.models for s in model.surfaces if s.on == on}
    listed = {one.id: one for one in listing.models}
    missing = [
        name
        for name, surface in surfaces.items()
        if own and name not in listed and stage(surface, day) not in ENDED
    ]
    return Heard(
        on=on,
        source=source,
        own=own,
        models=tuple(listed[name] for name in surfaces if name in listed),
        missing=tuple(missing),
    )


def _counted(about: str, lists: Sequence[tuple[Heard, Listing]]) -> Told:
    return Told(
        about=about,
        listed=sum(len(listing.models) for _, listing in lists),
        known=sum(len(one.models) for one, _ in lists),
        odd=sum(listing.odd for _, listing in lists),
    )


def _book(body: bytes, day: date) -> PriceBook:
    from rolecall.catalogue.distil import distil_update  # noqa: PLC0415 (an optional dependency)

    return distil_update(body, day)


def _with_earlier(new: Overlay, earlier: Overlay | None, *, has_prices: bool) -> Overlay:
    """What was heard before and not again stays; it keeps the day on which it was heard."""
    if earlier is None:
        return new
    again = {(one.on, one.source) for one in new.lists}
    kept = tuple(one for one in earlier.lists if (one.on, one.source) not in again)
    return msgspec.structs.replace(
        new,
        sources={**earlier.sources, **new.sources},
        lists=(*kept, *new.lists),
        prices=new.prices if has_prices else earlier.prices,
        tariffs=new.tariffs if has_prices else earlier.tariffs,
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
