"""Plain HTTP from the standard library, as any program on the machine would speak it."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct


class Got(Struct, frozen=True, kw_only=True):
    """A whole answer. `complete` is False where the connection broke off before its end."""

    status: int
    headers: dict[str, str]
    body: bytes
    complete: bool = True

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


def get(url: str, headers: Mapping[str, str] | None = None) -> Got:
    return request("GET", url, headers=headers)


def post(url: str, value: Any, headers: Mapping[str, str] | None = None) -> Got:
    """Send `value` as JSON, or as it is where it is bytes."""
    body = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return request(
        "POST", url, headers={"content-type": "application/json", **(headers or {})}, body=body
    )


def request(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> Got:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body=body, headers=dict(headers or {}))
        answer = connection.getresponse()
        try:
            content, complete = answer.read(), True
        except (http.client.IncompleteRead, ConnectionError) as error:
            content, complete = getattr(error, "partial", b""), False
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Got(status=answer.status, headers=names, body=content, complete=complete)
    finally:
        connection.close()


def raw(url: str, data: bytes, seconds: float = 10) -> bytes:
    """Send bytes as they are and read until the server closes or falls silent."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), seconds) as connection:
        connection.sendall(data)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def send(url: str, body: bytes, headers: str = "") -> socket.socket:
    """Send a POST on a connection of its own, and leave it to the caller to read or to go."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), 10)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.hostname}\r\n{headers}"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection
