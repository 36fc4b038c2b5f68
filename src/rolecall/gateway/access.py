"""Who may use this gateway: local programs, or whoever shows the token. Never a web page."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.requests import cookie_parser

from rolecall.errors import AccessError
from rolecall.gateway.headers import Header

COOKIE = "rolecall_token"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Access(Struct, frozen=True, kw_only=True):
    """The rules of entry. `hosts` are names a client may use in `Host`; empty admits any."""

    token: str | None = None
    people: Mapping[str, str] = {}
    """Tokens of people, by name; each admits like the common one and says who asks."""
    hosts: frozenset[str] = LOOPBACK

    @property
    def open(self) -> bool:
        """Whether nobody has to show a token."""
        return self.token is None and not self.people

    def check(self, headers: Mapping[str, str]) -> str | None:
        """Who asks, where tokens have names. Raises `AccessError` with what to change.

        A foreign `Host` is how DNS rebinding shows, a foreign `Origin` how a web page does.
        """
        self.visit(headers)
        if self.open:
            return None
        person = next((name for name, own in self.people.items() if _shown(own, headers)), None)
        if person is None and not (self.token and _shown(self.token, headers)):
            raise AccessError(
                "this gateway asks for a token: send it as x-rolecall-token, x-api-key or "
                "Authorization: Bearer",
                status=401,
            )
        return person

    def visit(self, headers: Mapping[str, str]) -> None:
        """What holds for whoever has not shown a token yet, too. Raises `AccessError`."""
        host = _name(headers.get("host", ""))
        if self.hosts and host not in self.hosts:
            says = (
                f"the Host header names {host!r}; add it to [server] allowed_hosts if it is yours"
            )
            raise AccessError(says, status=421)
        origin = headers.get("origin")
        if origin is not None and _is_foreign(origin) and not is_own(origin, headers):
            says = f"requests from web pages are refused, and this one comes from {origin!r}"
            raise AccessError(says, status=403)

    def without_token(self, headers: list[Header]) -> list[Header]:
        """A client's headers without this gateway's own token: no provider is to see it."""
        tokens = [text.encode() for text in (self.token, *self.people.values()) if text]
        if not tokens:
            return headers
        return [(name, value) for name, value in headers if not any(t in value for t in tokens)]


def is_own(origin: str, headers: Mapping[str, str]) -> bool:
    """Whether a page comes from this very gateway, by the name that the request calls it."""
    host = headers.get("host", "").lower()
    return bool(host) and origin.lower() in {f"http://{host}", f"https://{host}"}


def cookie_of(token: str) -> str:
    """A token as it may stand in a cookie."""
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


def with_cookie(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers with the token that a browser keeps for the page, where it keeps one."""
    kept = cookie_parser(headers.get("cookie", "")).get(COOKIE)
    if kept is None:
        return headers
    try:
        token = base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return headers
    return {**headers, "x-rolecall-token": token}


def _shown(token: str, headers: Mapping[str, str]) -> bool:
    shown = (
        headers.get("x-rolecall-token", ""),
        headers.get("x-api-key", ""),
        headers.get("x-goog-api-key", ""),
        headers.get("authorization", "").removeprefix("Bearer "),
    )
    return any(hmac.compare_digest(text.encode(), token.encode()) for text in shown)


def _name(host: str) -> str:
    """The name in a `Host` header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


def _is_foreign(origin: str) -> bool:
    """Editors send origins of their own scheme; pages send http, https or `null`."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return True
    is_page = parts.scheme in {"http", "https"} and (parts.hostname or "") not in LOOPBACK
    return is_page or origin == "null"
