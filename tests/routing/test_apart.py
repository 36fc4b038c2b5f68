"""A history that begins under the session of another, with another system prompt, is apart."""

from __future__ import annotations

import msgspec

from rolecall.gateway.intake import Taken, understand
from rolecall.gateway.paths import Target
from rolecall.routing.conditions import ready
from rolecall.routing.rules import load_rules
from rolecall.routing.sessions import Sessions
from rolecall.routing.signals import Recogniser
from routing.examples import READER, TOOLS, Example

UNKNOWN = {"user-agent": "acme-agent/1.2 (linux)", "x-session-id": "s1"}
MAIN = Example(headers=UNKNOWN, system="You are Acme.", human="Add a login.", tools=TOOLS)
CHILD = Example(headers=UNKNOWN, system="You search files.", human="Find login.", tools=TOOLS)


def reader() -> Recogniser:
    return msgspec.structs.replace(READER, sessions=Sessions(), rules=ready(load_rules()))


def taken(example: Example, by: Recogniser) -> Taken:
    return understand(Target(example.dialect), None, example.headers, example.body(), by)


def answered(example: Example, by: Recogniser) -> Taken:
    found = taken(example, by)
    by.sessions.note_main(found.request, found.thread)
    return found


def test_unknown_client_is_named_by_what_it_calls_itself() -> None:
    """No rule knows it; its session is found where clients usually state it."""
    signals = taken(MAIN, reader()).request.signals
    assert (signals.client, signals.agent, signals.session) == (None, "acme-agent/1.2", "s1")


def test_another_system_prompt_under_the_same_session_is_a_subagent() -> None:
    """The first conversation is the main one; the second has another prompt and its own words."""
    by = reader()
    assert answered(MAIN, by).request.signals.work == "turn"
    signals = taken(CHILD, by).request.signals
    assert signals.decided_by is not None
    assert (signals.work, signals.decided_by.rule) == ("subagent", "generic.apart")


def test_new_conversation_under_the_same_prompt_is_none() -> None:
    """After `/clear` the same client begins anew: another task, the same prompt."""
    by = reader()
    answered(MAIN, by)
    cleared = msgspec.structs.replace(MAIN, human="Now rename it.")
    assert taken(cleared, by).request.signals.work == "turn"


def test_same_prompt_with_fewer_tools_is_a_subagent() -> None:
    """A sub-agent that may not start further ones shares all but that tool."""
    by = reader()
    answered(MAIN, by)
    fewer = msgspec.structs.replace(MAIN, human="Count the lines.", tools=TOOLS[:1])
    assert taken(fewer, by).request.signals.work == "subagent"


def test_title_that_comes_first_is_not_the_main_conversation() -> None:
    """A chore has no tools; what comes after it is the session's first work."""
    by = reader()
    answered(msgspec.structs.replace(CHILD, tools=[]), by)
    assert answered(MAIN, by).request.signals.work == "turn"


def test_conversation_that_goes_on_from_a_summary_is_none() -> None:
    """Compaction leaves a fresh history too, and it is still the main work."""
    by = reader()
    answered(MAIN, by)
    summed = "This session is being continued from a previous conversation. Add a login."
    signals = taken(msgspec.structs.replace(CHILD, human=summed), by).request.signals
    assert signals.work == "turn"
