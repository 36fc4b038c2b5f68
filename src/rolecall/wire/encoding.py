"""Undo a request body's `Content-Encoding`, never past a limit."""

from __future__ import annotations

import zlib

import zstandard

from rolecall.errors import BodyError

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
KNOWN = ("gzip", "deflate", "zstd")


def decompress(body: bytes, encoding: str, *, limit: int) -> bytes:
    """The plain body. `encoding` is the header's value, `limit` counts bytes after it is undone.

    Raises `BodyError` with 415 for an encoding rolecall cannot undo, 413 past the limit, and 400
    for data that is not what the header says.
    """
    plain = body
    for name in reversed([part.strip().lower() for part in encoding.split(",")]):
        plain = _undo(plain, name, limit)
    return plain


def _undo(body: bytes, name: str, limit: int) -> bytes:
    try:
        match name:
            case "identity" | "":
                return body
            case "gzip" | "x-gzip" | "deflate":
                return _inflate(body, limit)
            case "zstd":
                return _unzstd(body, limit)
            case _:
                known = ", ".join(KNOWN)
                raise BodyError(f"cannot undo Content-Encoding {name!r}; use {known}", status=415)
    except (zlib.error, zstandard.ZstdError) as error:
        raise BodyError(f"the body is not the {name} it says it is: {error}") from error


def _inflate(body: bytes, limit: int) -> bytes:
    stream = zlib.decompressobj(_wbits(body))
    plain = stream.decompress(body, limit + 1)
    if len(plain) > limit:
        raise too_large(limit)
    if not stream.eof:
        raise BodyError("the compressed body ends too early")
    return plain


def _wbits(body: bytes) -> int:
    """`deflate` is sent with a zlib header by the standard and without one by some clients."""
    has_header = body[:1] == b"\x1f" or (body[:1] == b"\x78")
    return _GZIP_OR_ZLIB if has_header else -zlib.MAX_WBITS


def _unzstd(body: bytes, limit: int) -> bytes:
    with zstandard.ZstdDecompressor(max_window_size=limit).stream_reader(body) as stream:
        plain = stream.read(limit + 1)
    if len(plain) > limit:
        raise too_large(limit)
    return plain


def too_large(limit: int) -> BodyError:
    size = f"{limit / 1024 / 1024:g} MiB"
    return BodyError(
        f"the body is larger than {size}; raise [server] max_body_mib or send less", status=413
    )
