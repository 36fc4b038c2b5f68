"""The signal rules in force: those that ship with rolecall, and the user's own before them."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

import msgspec

from rolecall.config.load import nearest
from rolecall.config.settings import Settings
from rolecall.errors import ConfigError
from rolecall.routing.rules import Client, Condition, Rule, RuleBook, load_rules


class _Own(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rules file of the user: the same form as `signals.toml`, all of it optional."""

    version: str = ""
    clients: dict[str, Client] = {}
    generic: tuple[Rule, ...] = ()
    generic_session: tuple[Condition, ...] = ()


def rules_in_force(settings: Settings) -> RuleBook:
    """The rules, the files of `[routing] rules` merged in. Raises `ConfigError` with the place."""
    book = load_rules()
    folder = Path(settings.source).parent
    for name in settings.routing.rules:
        path = folder / Path(name).expanduser()
        book = merged(book, _read(path), path)
    return book


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        says = f"{path}: [routing] rules names it, and it cannot be read: {error.strerror}"
        raise ConfigError(says) from error


def merged(book: RuleBook, text: bytes, path: Path) -> RuleBook:
    """The book with the rules of one file before its own; a rule of the same id is replaced."""
    try:
        own = msgspec.toml.decode(text, type=_Own)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}; docs/recognition.md shows the form") from error
    for place, rules in _places(own):
        _check(path, place, rules)
    clients = {
        name: _client(client, book.clients.get(name), name, path, book.clients)
        for name, client in own.clients.items()
    }
    digest = blake2b(text, digest_size=4).hexdigest()
    return RuleBook(
        version=f"{book.version}+{digest}",
        clients={**clients, **{n: c for n, c in book.clients.items() if n not in clients}},
        generic=_rules(own.generic, book.generic),
        generic_session=(*own.generic_session, *book.generic_session),
    )


def _client(
    own: Client, known: Client | None, name: str, path: Path, names: Iterable[str]
) -> Client:
    if known is None:
        if not own.identity:
            says = f"{path}: [clients.{name}] needs `identity`; it is not a client rolecall knows"
            raise ConfigError(f"{says} ({nearest(name, names)})")
        return own
    return msgspec.structs.replace(
        known,
        seen=own.seen or known.seen,
        identity=(*own.identity, *known.identity),
        version=own.version or known.version,
        session=(*own.session, *known.session),
        typed=own.typed or known.typed,
        rules=_rules(own.rules, known.rules),
    )


def _rules(own: tuple[Rule, ...], known: tuple[Rule, ...]) -> tuple[Rule, ...]:
    replaced = {rule.id for rule in own}
    return (*own, *(rule for rule in known if rule.id not in replaced))


def _places(own: _Own) -> Iterable[tuple[str, tuple[Rule, ...]]]:
    yield "generic", own.generic
    for name, client in own.clients.items():
        yield f"clients.{name}.rules", client.rules


_TESTS = ("equals", "one_of", "starts", "contains", "contains_any", "says", "json", "among")
_SUBJECTS = tuple(name for name in Condition.__struct_fields__ if name not in _TESTS)


def _check(path: Path, place: str, rules: tuple[Rule, ...]) -> None:
    """A rule without a condition would hold for everything; one without a subject for nothing."""
    for rule in rules:
        if not rule.when:
            raise ConfigError(f"{path}: [[{place}]] {rule.id!r} has no `when`; say when it holds")
        for condition in rule.when:
            told = [name for name in _SUBJECTS if getattr(condition, name) is not None]
            if len(told) != 1:
                says = f"one of {', '.join(_SUBJECTS)}"
                raise ConfigError(
                    f"{path}: [[{place}]] {rule.id!r} has a condition that names "
                    f"{' and '.join(told) or 'no subject'}; give each {says}"
                )
