"""The page, as far as the gateway knows of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from starlette.routing import BaseRoute

from rolecall.gateway.state import Gateway


class Site(Struct, frozen=True, kw_only=True):
    """What the page adds to a gateway. `entry` is the path that asks for a token."""

    routes: Sequence[BaseRoute]
    entry: str
    is_open: Callable[[str], bool]
    """Whether a path is served to whoever has shown no token."""
    close: Callable[[], None]


Sites = Callable[[Gateway], Site]
"""Makes the page of a gateway."""
