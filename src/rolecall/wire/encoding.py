"""Undo a request body's `Content-Encoding`, never past a limit."""

from __future__ import annotations

import zlib

import zstandard

from rolecall.errors import BodyError

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
KNOWN = ("gzip", "deflate", "zstd")
_MOST_STACKED = 4
_WINDOW = 8 * 1024 * 1024
"""Bytes of memory that every zstd decoder should grant (RFC 8878, section 3.1.1.1.2)."""
_STEP = 1024


def decompress(body: bytes, encoding: str, *, limit: int) -> bytes:
    """The plain body. `encoding` is the header's value, `limit` counts bytes after it is undone.

    Raises `BodyError` with 415 for an encoding rolecall cannot undo, 413 past the limit, and 400
    for data that is not what the header says.
    """
    names = [part.strip().lower() for part in encoding.split(",")]
    if len(names) > _MOST_STACKED:
        raise BodyError(f"{len(names)} encodings on top of each other; use one", status=415)
    plain = body
    for name in reversed(names):
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
    _check_end(ended=stream.eof, rest=stream.unused_data)
    return plain


def _wbits(body: bytes) -> int:
    """`deflate` is sent with a zlib header by the standard and without one by some clients.

    RFC 1950: the method is 8, and the first two bytes are a multiple of 31.
    """
    is_zlib = body[:1] != b"" and body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    return _GZIP_OR_ZLIB if is_zlib or body[:1] == b"" else -zlib.MAX_WBITS


def _unzstd(body: bytes, limit: int) -> bytes:
    """In small steps: four bytes may stand for 128 KiB, and one step is not limited."""
    window = max(limit, _WINDOW)
    stream = zstandard.ZstdDecompressor(max_window_size=window).decompressobj()
    parts: list[bytes] = []
    size = at = 0
    while at < len(body) and not stream.eof:
        parts.append(stream.decompress(body[at : at + _STEP]))
        size += len(parts[-1])
        at += _STEP
        if size > limit:
            raise too_large(limit)
    _check_end(ended=stream.eof, rest=stream.unused_data + body[at:])
    return b"".join(parts)


def _check_end(*, ended: bool, rest: bytes) -> None:
    if not ended:
        raise BodyError("the compressed body ends too early")
    if rest:
        raise BodyError("the compressed body goes on after its end; send it in one piece")


def too_large(limit: int) -> BodyError:
    size = f"{limit / 1024 / 1024:g} MiB"
    return BodyError(
        f"the body is larger than {size}; raise [server] max_body_mib or send less", status=413
    )
