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
from rolecall.wire.translate.conversation import Seal

MARK = "rolecall.v1."
_seal = msgspec.json.Decoder(Seal)


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
