"""One gateway and one upstream for the tests that need nothing special."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec import Struct

from support.answers import Answer, Script, Tokens, say
from support.gateway import STACK, Gateway, start_gateway
from support.upstream import Upstream

TOKENS = Tokens(input=1000, output=50, cache_read=300, cache_write=200, reasoning=20)


class Pair(Struct):
    """A gateway, and the upstream that plays all of its roles."""

    gateway: Gateway
    upstream: Upstream

    def answer_with(self, script: Script | Answer) -> None:
        self.upstream.script = script if callable(script) else (lambda _: script)

    def newest(self) -> dict[str, object]:
        """The newest decision, whole."""
        found: dict[str, object] = self.gateway.json(
            f"/rolecall/decisions/{self.gateway.decisions(1)[0]['id']}"
        )
        return found


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    home = tmp_path_factory.mktemp("shared")
    with Upstream() as upstream, start_gateway(STACK.format(base_url=upstream.base_url), home) as g:
        yield Pair(gateway=g, upstream=upstream)


@pytest.fixture
def pair(shared: Pair) -> Pair:
    shared.answer_with(say("Done.", TOKENS))
    return shared
