"""What `test_from_outside` runs inside its namespace: a gateway, an engine, the leak suite.

It says a line after each part and goes on when it is told to.

Usage: python -m privacy.inside FOLDER URL    the provider outside
"""

from __future__ import annotations

import sys
from pathlib import Path

from privacy.leaks import CANARY, CASES, chat, says
from privacy.test_leaks import RULE, STACK, apart
from support.gateway import start_gateway
from support.http import post
from support.upstream import Upstream


def main() -> None:
    folder, out = Path(sys.argv[1]), sys.argv[2]
    with Upstream() as home:
        config = STACK.format(out=out, home=home.base_url)
        with start_gateway(config + RULE, _made(folder / "guarded")) as gateway:
            for number, case in enumerate(CASES):
                for sent in apart(case, number)[_harmless(case.name) :]:
                    answer = post(gateway.url + sent.path, sent.body, sent.headers)
                assert answer.headers["x-rolecall-zone"] == "local", case.name
            _part("private")
            plain = chat(says("an ordinary request"))
            assert post(f"{gateway.url}/v1/chat/completions", plain).status == 200
            _part("ordinary")
        with start_gateway(config, _made(folder / "open")) as gateway:
            post(f"{gateway.url}/v1/chat/completions", chat(says(CANARY)))
            _part("open")


def _harmless(name: str) -> int:
    """Requests at the beginning of a case that hold nothing yet, and may go out."""
    return 1 if name in {"history edited", "split over turns"} else 0


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _part(name: str) -> None:
    print(name, flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
