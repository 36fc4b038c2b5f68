"""Compressed bodies are undone whole or refused, and never past the limit."""

from __future__ import annotations

import gzip
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import BodyError
from rolecall.wire.encoding import decompress

LIMIT = 1024 * 1024
BODY = b'{"model": "m"}' * 100
BOMB = bytes(8 * LIMIT)


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


def small_window(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=9)
    return stream.compress(data) + stream.flush()


def zstd_of_unknown_size(data: bytes) -> bytes:
    """As an encoder writes it that does not know the end: the frame asks for a window of 2 MiB."""
    stream = zstandard.ZstdCompressor(level=3).compressobj()
    return stream.compress(data) + stream.flush()


ENCODERS = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "deflate without a header": ("deflate", raw_deflate),
    "deflate with a small window": ("deflate", small_window),
    "zstd": ("zstd", zstandard.compress),
    "zstd of unknown size": ("zstd", zstd_of_unknown_size),
}


@pytest.mark.parametrize(("name", "encode"), ENCODERS.values(), ids=ENCODERS)
@given(data=st.binary(max_size=3000))
def test_encoding_is_undone(name: str, encode: type[bytes], data: bytes) -> None:
    """What was encoded comes back as it was."""
    assert decompress(encode(data), name, limit=LIMIT) == data


def test_stacked_encodings_are_undone_from_the_last() -> None:
    """`Content-Encoding` lists them in the order they were applied; case and spaces are free."""
    stacked = zstandard.compress(gzip.compress(zlib.compress(BODY)))
    assert decompress(stacked, "Deflate , GZIP,zstd, identity", limit=LIMIT) == BODY


def test_identity_is_nothing() -> None:
    """A body that is not encoded passes."""
    assert decompress(BODY, "identity", limit=LIMIT) is BODY


@pytest.mark.parametrize(("name", "encode"), ENCODERS.values(), ids=ENCODERS)
def test_limit_is_the_last_byte_taken(name: str, encode: type[bytes]) -> None:
    """A body of just the limit passes, one byte more is 413 and names the setting."""
    assert decompress(encode(bytes(LIMIT)), name, limit=LIMIT) == bytes(LIMIT)
    with pytest.raises(BodyError, match=r"larger than 1 MiB; raise \[server\] max_body_mib") as e:
        decompress(encode(bytes(LIMIT + 1)), name, limit=LIMIT)
    assert e.value.status == 413


@pytest.mark.parametrize(("name", "encode"), ENCODERS.values(), ids=ENCODERS)
def test_bomb_is_stopped(name: str, encode: type[bytes]) -> None:
    """Eight times the limit in a few kilobytes, once and inside another encoding."""
    bomb = encode(BOMB)
    assert len(bomb) < LIMIT / 2
    for body, names in ((bomb, name), (gzip.compress(bomb), f"{name}, gzip")):
        with pytest.raises(BodyError) as caught:
            decompress(body, names, limit=LIMIT)
        assert caught.value.status == 413


@pytest.mark.parametrize(("name", "encode"), ENCODERS.values(), ids=ENCODERS)
def test_every_cut_is_refused(name: str, encode: type[bytes]) -> None:
    """A body that ends too early is an error, not a shorter body."""
    whole = encode(BODY)
    for end in range(len(whole)):
        with pytest.raises(BodyError) as caught:
            decompress(whole[:end], name, limit=LIMIT)
        assert caught.value.status == 400


@pytest.mark.parametrize(("name", "encode"), ENCODERS.values(), ids=ENCODERS)
def test_what_follows_the_end_is_refused(name: str, encode: type[bytes]) -> None:
    """Neither a second body nor noise is passed over in silence."""
    for more in (encode(BODY), b"noise"):
        with pytest.raises(BodyError, match="goes on after its end"):
            decompress(encode(BODY) + more, name, limit=LIMIT)


@pytest.mark.parametrize("name", ["br", "compress", "gzip, br", "zstd;q=1", "*"])
def test_unknown_encoding_is_415(name: str) -> None:
    """The message says which ones are known."""
    with pytest.raises(BodyError, match="use gzip, deflate, zstd") as caught:
        decompress(gzip.compress(BODY), name, limit=LIMIT)
    assert caught.value.status == 415


def test_a_pile_of_encodings_is_refused_at_once() -> None:
    """Each layer may cost the whole limit, so that a long list would keep the gateway busy."""
    with pytest.raises(BodyError, match="5 encodings on top of each other; use one") as caught:
        decompress(b"", ", ".join(["gzip"] * 5), limit=LIMIT)
    assert caught.value.status == 415
