"""Rules of the user's own: asked first, merged by name, and checked before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.config.rules import merged
from rolecall.errors import ConfigError
from rolecall.routing.rules import RuleBook, load_rules
from rolecall.routing.signals import recogniser
from rolecall.types import Request
from routing.examples import CLAUDE, TOOLS, Example
from support.gateway import STACK, run_rolecall

BOOK = load_rules()
ACME = """
[clients.acme]
identity = [{ header = "user-agent", starts = "acme/" }]
version = { header = "user-agent", starts = "acme/" }
session = [{ header = "x-acme-run" }]
typed = { after = "TASK:", before = "END" }

[[clients.acme.rules]]
id = "triage"
work = "chore"
says = "sorts a ticket"
since = "2.0"
before = "3"
when = [{ text = "system", starts = "Sort this ticket" }]
"""


def own(text: str) -> RuleBook:
    return merged(BOOK, text.encode(), Path("own.toml"))


def read(book: RuleBook, agent: str, **more: object) -> Request:
    headers = {"user-agent": agent, "x-acme-run": "run-7"}
    example = Example(headers=headers, system="Sort this ticket.", **more)  # type: ignore[arg-type] # fields of Example
    return example.taken(recogniser(book)).request


@pytest.mark.parametrize(
    ("agent", "rule"),
    [
        ("acme/2.0.1 linux", "acme.triage"),
        ("acme/10.1", None),
        ("acme/3", None),
        ("acme/1.9", None),
        ("acme/x", None),
    ],
)
def test_client_of_the_user_with_a_rule_for_some_versions(agent: str, rule: str | None) -> None:
    """Identity, session and version are read as for any client; other versions are turns."""
    signals = read(own(ACME), agent, tools=TOOLS).signals
    assert (signals.client, signals.session) == ("acme", "run-7")
    assert (signals.decided_by.rule if signals.decided_by else None) == rule


def test_only_what_stands_between_the_marks_was_typed() -> None:
    """`typed` keeps the client's own words around a message from being read as the person's."""
    around = "Review everything and plan the architecture. TASK: rename foo to bar END Now review."
    kinds = read(own(ACME), "acme/1", tools=TOOLS, human=around).signals.kinds
    assert next(iter(kinds)) == "transform"


def test_rule_of_the_same_id_replaces_the_built_in_one() -> None:
    """A user disagrees with one rule and keeps the rest."""
    says = 'says = "names it"\nwhen = [{ header = "x-name-it" }]'
    book = own(f'[[clients.claude-code.rules]]\nid = "title"\nwork = "chore"\n{says}')
    ids = [rule.id for rule in book.clients["claude-code"].rules]
    assert ids.count("title") == 1
    assert len(ids) == len(BOOK.clients["claude-code"].rules)
    named = Example(headers={**CLAUDE, "x-name-it": "1"}, tools=TOOLS).taken(recogniser(book))
    assert named.request.signals.work == "chore"


def test_own_generic_rule_may_name_a_role() -> None:
    """It plays that role, whatever the work usually plays."""
    rule = 'role = "local"\nconfidence = 0.9\nsays = "x"\nwhen = [{ header = "x-nightly" }]'
    book = own(f'[[generic]]\nid = "nightly"\nwork = "turn"\n{rule}')
    nightly = Example(headers={"x-nightly": "1"}, tools=TOOLS).taken(recogniser(book))
    signals = nightly.request.signals
    assert (signals.role, signals.confidence, signals.generic) == ("local", 0.9, True)


def test_version_of_the_book_names_the_file() -> None:
    """Records tell by which rules they were read; the same text gives the same version."""
    assert own(ACME).version == own(ACME).version != own(ACME + "\n").version
    assert own(ACME).version.startswith(f"{BOOK.version}+")


MISTAKES = {
    "not TOML": ("[clients", "own.toml: "),
    "unknown key": ('[[generic]]\nid = "a"\nwork = "turn"\nsays = ""\nwen = []', "`wen`"),
    "unknown work": ('[[generic]]\nid = "a"\nwork = "play"\nsays = ""\nwhen = []', "'play'"),
    "no identity": ('[clients.codx]\nseen = "1"', "did you mean 'codex'?"),
    "empty when": (
        '[[generic]]\nid = "a"\nwork = "turn"\nsays = ""\nwhen = []',
        "[[generic]] 'a' has no `when`",
    ),
    "no subject": (
        '[[generic]]\nid = "a"\nwork = "turn"\nsays = ""\nwhen = [{ equals = "x" }]',
        "a condition that names no subject; give each one of header, header_with, field,",
    ),
    "two subjects": (
        '[[generic]]\nid = "a"\nwork = "turn"\nsays = ""\nwhen = [{ header = "x", field = "y" }]',
        "names header and field",
    ),
    "confidence": (
        '[[generic]]\nid = "a"\nwork = "turn"\nsays = ""\nconfidence = 2\nwhen = []',
        "<= 1",
    ),
}


@pytest.mark.parametrize(("text", "says"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_names_the_file_and_the_rule(text: str, says: str) -> None:
    """No rule is half understood."""
    with pytest.raises(ConfigError, match=r"^own\.toml: ") as caught:
        own(text)
    assert says in str(caught.value)


def test_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    """One line that names the setting and the file."""
    config = STACK.format(base_url="http://127.0.0.1:9/v1")
    (tmp_path / "rolecall.toml").write_text(config + 'rules = ["gone.toml"]\n')
    done = run_rolecall(tmp_path, "up", "--port", "0")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "gone.toml: [routing] rules names it, and it cannot be read: " in done.stderr
