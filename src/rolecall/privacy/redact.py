"""Put placeholders where secrets stand, so that the rest of a request may go out. Pure.

A placeholder is the same for the same secret as long as the process lives, so that a conversation
stays itself from turn to turn. It is a keyed BLAKE2b (RFC 7693): who reads it learns nothing.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct

from rolecall.privacy.unfold import texts_of, whole
from rolecall.wire.restore import MARK

if TYPE_CHECKING:
    from rolecall.privacy.secrets import SecretScanner


class Redacted(Struct, frozen=True, kw_only=True):
    """A body without the secrets that were found in its plain text, by their placeholders."""

    body: bytes
    secrets: dict[str, str]


class Redactor:
    """Finds secrets in each text of a body. What is encoded is left as it is: look again after."""

    def __init__(self, scanner: SecretScanner) -> None:
        self._scanner = scanner
        self._key = secrets.token_bytes(32)

    def redacted(self, body: bytes) -> Redacted:
        """Raises `Unreadable`."""
        texts = texts_of(whole(Raw(body)))
        found = {secret for text in texts for secret in self._found(text)}
        by_placeholder = {self._placeholder(secret): secret for secret in found}
        written = {form: name for name, secret in by_placeholder.items() for form in _forms(secret)}
        value = _mapped(msgspec.json.decode(body), _replacing(written))
        return Redacted(body=msgspec.json.encode(value), secrets=by_placeholder)

    def _found(self, text: str) -> list[str]:
        data = text.encode("utf-8", "replace")
        return [
            data[at.start : at.end].decode("utf-8", "replace") for at in self._scanner.find(data)
        ]

    def _placeholder(self, secret: str) -> str:
        digest = blake2b(secret.encode(), key=self._key, digest_size=8).hexdigest()
        return f"{MARK}{digest}"


def _forms(secret: str) -> set[str]:
    """As it is, and as it stands in JSON that is itself a string of JSON."""
    once = json.dumps(secret)[1:-1]
    plain = json.dumps(secret, ensure_ascii=False)[1:-1]
    return {secret, once, plain, json.dumps(once)[1:-1]}


def _replacing(written: Mapping[str, str]) -> Callable[[str], str]:
    """Longer forms first: one secret may be a part of another."""
    order = sorted(written, key=len, reverse=True)

    def replace(text: str) -> str:
        for form in order:
            text = text.replace(form, written[form])
        return text

    return replace


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case dict():
            return {change(key): _mapped(item, change) for key, item in value.items()}
        case list():
            return [_mapped(item, change) for item in value]
    return value
