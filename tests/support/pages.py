"""A server of fixed pages on a real loopback socket: lists of models, questions to engines."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Pages:
    """Answers a path with what `bodies` has for it; `POST /path` is a key of its own.

    `seen` holds the headers of the newest request by path, `forms` what was posted.
    """

    def __init__(self, bodies: Mapping[str, Any]) -> None:
        self.bodies = dict(bodies)
        self.seen: dict[str, dict[str, str]] = {}
        self.forms: list[Any] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, key: str) -> bytes | None:
        body = self.bodies.get(key)
        return body if body is None or isinstance(body, bytes) else json.dumps(body).encode()


def _handler(pages: Pages) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(self._path())

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            pages.forms.append(json.loads(self.rfile.read(length)))
            self._send(f"POST {self._path()}")

        def _path(self) -> str:
            path = self.path.partition("?")[0]
            pages.seen[path] = {name.lower(): value for name, value in self.headers.items()}
            return path

        def _send(self, key: str) -> None:
            body = pages.answer(key)
            self.send_response(404 if body is None else 200)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name inherited)
            pass

    return Handler


@contextmanager
def serving(bodies: Mapping[str, Any]) -> Iterator[Pages]:
    """A server that stops by itself."""
    pages = Pages(bodies)
    thread = threading.Thread(target=pages.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield pages
    finally:
        pages.server.shutdown()
        thread.join()
        pages.server.server_close()
