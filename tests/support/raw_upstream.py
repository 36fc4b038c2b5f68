"""A server that answers with any bytes at all, HTTP or not, for what no honest server says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self


class RawUpstream:
    """Reads one request per connection, sends the pieces of `answer`, and closes.

    `requests` holds each request as it came; `refused` is set once an answer could not be sent to
    its end, because the other side had enough of it.
    """

    def __init__(self, answer: Iterable[bytes] = ()) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.refused = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, name="raw upstream", daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.getsockname()[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        try:
            self.requests.append(_whole_request(connection))
            for piece in self.answer:
                connection.sendall(piece)
        except OSError:
            self.refused.set()
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)


def _whole_request(connection: socket.socket) -> bytes:
    """Headers, and as much of a body as they announce."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    while len(body) < length:
        body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    chunk = connection.recv(65536)
    if not chunk:
        raise ConnectionError("the request broke off")
    return chunk
