"""How a thought of one dialect travels through a client of another, and comes back.

A client hands signatures and encrypted reasoning back as they came. So what another dialect's
model needs again is packed into that field, with the name of the deployment it belongs to.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from rolecall.types import Dialect
from rolecall.wire.steps import UNREADABLE
from rolecall.wire.translate.conversation import Seal, Thought

MARK = "rolecall.v1."
MARK_IN_BYTES = base64.b64encode(MARK.encode()).decode()
"""The same where a dialect takes nothing but base64; twelve bytes give whole characters."""
NOBODYS = "skip_thought_signature_validator"
"""What Gemini takes in place of a signature, for calls of other models:
https://ai.google.dev/gemini-api/docs/thought-signatures."""
_seal = msgspec.json.Decoder(Seal)
_thoughts = msgspec.json.Decoder(list[Thought])


def pack(seal: Seal) -> str:
    return MARK + base64.b64encode(msgspec.json.encode(seal)).decode()


def unpack(text: str, dialect: Dialect) -> Seal:
    """What is packed here; what is not ours is the dialect's own, of an unknown maker."""
    if text.startswith(MARK):
        try:
            return _seal.decode(base64.b64decode(text[len(MARK) :], validate=True))
        except (*UNREADABLE, binascii.Error):
            return Seal(dialect=dialect, maker="nobody", data="")
    return Seal(dialect=dialect, maker=None, data=text)


def sign(thoughts: list[Thought]) -> str:
    """Thoughts, with their words, as one signature that is base64 throughout."""
    return base64.b64encode(MARK.encode() + msgspec.json.encode(thoughts)).decode()


def signed(text: str) -> list[Thought]:
    """The thoughts of `sign`, in either alphabet of base64; none where it is not ours."""
    if not text.startswith(MARK_IN_BYTES):
        return []
    try:
        found = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
        return _thoughts.decode(found[len(MARK) :])
    except (*UNREADABLE, binascii.Error):
        return []
