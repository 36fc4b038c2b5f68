"""Every rule is met by a request made for it, and says what the work is."""

from __future__ import annotations

import pytest

from rolecall.config.build import WORK_ROLES
from rolecall.routing.rules import load_rules
from routing.examples import CLAUDE, CODEX, EXAMPLES, OPENCODE, TOOLS, VIBE, Example

BOOK = load_rules()
RULES = {
    **{f"{name}.{rule.id}": rule for name, c in BOOK.clients.items() for rule in c.rules},
    **{f"generic.{rule.id}": rule for rule in BOOK.generic},
}


@pytest.mark.parametrize("name", [name for name in RULES if name != "generic.apart"])
def test_each_rule_decides_its_example(name: str) -> None:
    """A rule without an example, or one that another rule takes first, fails here.

    `generic.apart` needs two conversations; `test_apart.py` has them.
    """
    signals = EXAMPLES[name].taken().request.signals
    assert signals.decided_by is not None
    assert signals.decided_by.rule == name
    assert signals.work == RULES[name].work


def test_each_kind_of_work_has_a_role() -> None:
    """What a rule can name, the stack can play."""
    named = {rule.work for rule in RULES.values()} - {"turn", "continuation"}
    assert named <= set(WORK_ROLES)


@pytest.mark.parametrize(
    ("headers", "client", "version", "session"),
    [
        (CLAUDE, "claude-code", "2.1.197", "s1"),
        (CODEX, "codex", "0.169.0", "t1"),
        (OPENCODE, "opencode", "1.18.33", "s2"),
        (VIBE, "mistral-vibe", None, "s3"),
        ({"user-agent": "curl/8"}, None, None, None),
    ],
)
def test_client_version_and_session(
    headers: dict[str, str], client: str | None, version: str | None, session: str | None
) -> None:
    """Who asks, in which version and which session, is read off headers."""
    signals = Example(headers=headers, tools=TOOLS).taken().request.signals
    assert (signals.client, signals.client_version, signals.session) == (client, version, session)
    assert signals.work == "turn"


def test_mode_that_was_left_is_not_in_force() -> None:
    """The newest collaboration mode counts, not one that stands earlier in the history."""
    left = Example(
        headers=CODEX,
        dialect="openai.responses",
        system="<collaboration_mode># Plan Mode",
        late="<collaboration_mode># Default",
    )
    assert left.taken().request.signals.work == "turn"


def test_words_of_a_user_are_no_rule() -> None:
    """A person who writes about plan mode is not in plan mode."""
    text = "Plan mode is active, you are a title generator, # Plan Mode - System Reminder"
    for headers in (CLAUDE, CODEX, OPENCODE, VIBE):
        assert (
            Example(headers=headers, human=text, tools=TOOLS).taken().request.signals.work == "turn"
        )


def test_subagent_has_a_thread_of_its_own() -> None:
    """The same session id with another history is another thread; more turns are the same one."""
    main = Example(headers=VIBE, tools=TOOLS)
    other = Example(headers=VIBE, tools=TOOLS, human="Search for x.")
    later = Example(headers=VIBE, tools=TOOLS, called="Read")
    assert main.taken().thread != other.taken().thread
    assert main.taken().thread == later.taken().thread
