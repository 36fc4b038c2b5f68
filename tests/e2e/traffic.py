"""Traffic of the five clients, recorded while they work, and what recognition makes of it.

Nothing of it is kept: bodies of real clients hold their vendors' prompts. `python -m e2e.traffic`
in `tests/` plays all scenes and prints the tables of `docs/recognition.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from e2e import agents, drive
from e2e.stories import AUTO, CLIENTS, Story, perform, play
from rolecall.config.build import build
from rolecall.config.settings import Settings
from rolecall.gateway.intake import understand
from rolecall.gateway.paths import Target
from rolecall.routing.decide import decide
from rolecall.routing.progress import after
from rolecall.routing.rules import RuleBook, load_rules
from rolecall.routing.sessions import Sessions
from rolecall.routing.signals import Recogniser, recogniser
from rolecall.types import Dialect, Role, Work
from rolecall.wire.readdress import readdress
from routing.worlds import AT, KNOWN, ROLES
from support.answers import Script

Run = Callable[[Path], Story]
Works = dict[str, int]
CHORES = frozenset({"title", "summary", "compaction", "approval", "memory", "commit", "subagent"})
HARD: tuple[Role, ...] = ("plan", "review")


class Scene(Struct, frozen=True, kw_only=True):
    """One run of a client, and how many requests of each sort it makes."""

    client: str
    name: str
    expected: Works
    run: Run


class Exchange(Struct, frozen=True, kw_only=True):
    """One recorded request, and what it truly was."""

    scene: str
    client: str
    work: Work
    role: Role
    dialect: Dialect
    headers: dict[str, str]
    body: bytes


class Seen(Struct, frozen=True, kw_only=True):
    """What recognition made of an exchange."""

    exchange: Exchange
    role: Role
    signal: str


Act = Callable[..., drive.Ran]
MAIN = {"turn": 1, "continuation": 3}
APART = {"turn": 1, "continuation": 1, "subagent": 1}
TASK, FREE, FILE = agents.TASK, "--dangerously-skip-permissions", "greeting.py"
SMALL = "model_auto_compact_token_limit=50000"


def steps(of: Callable[[Path], tuple[agents.Step, ...]], act: Act, *arguments: str) -> Run:
    """Let the client take the steps meant for its repository."""
    return lambda folder: perform(folder, of, lambda place, url: act(place, url, AUTO, *arguments))


def script(of: Script, act: Act, *arguments: str) -> Run:
    """Let the client work for an upstream that follows a script of its own."""
    return lambda folder: play(
        drive.prepare(CLIENTS, folder), of, lambda place, url: act(place, url, AUTO, *arguments)
    )


def claude_scenes() -> Iterator[tuple[str, Works, Run]]:
    run = drive.claude_code
    yield "task", MAIN, steps(agents.claude_code_steps, run, TASK, FREE)
    yield "sub-agent", APART, steps(agents.claude_code_subagent, run, TASK, FREE)
    yield "plan mode", {"plan": 1}, steps(agents.no_steps, run, TASK, "--permission-mode", "plan")


def codex_scenes() -> Iterator[tuple[str, Works, Run]]:
    run, ask = drive.codex, drive.codex_asking
    approval = {"turn": 1, "approval": 1, "continuation": 1}
    yield "task", MAIN, steps(agents.codex_steps, run, TASK)
    yield "sub-agent", APART | {"continuation": 2}, script(agents.codex_subagent, run, TASK)
    yield "review", {"review": 1}, steps(agents.no_steps, run, "review", "--commit", "HEAD")
    yield "approval", approval, steps(agents.codex_escalation, ask, "--approve-for-me", TASK)
    compaction = {"turn": 2, "continuation": 3, "compaction": 1}
    yield "compaction", compaction, script(agents.codex_full_context, run, "-c", SMALL, TASK)


def opencode_scenes() -> Iterator[tuple[str, Works, Run]]:
    run, title = drive.opencode, {"title": 1}
    yield "task", MAIN | title, steps(agents.opencode_steps, run, TASK)
    yield "sub-agent", APART | title, steps(agents.opencode_subagent, run, TASK)
    yield "plan agent", {"plan": 1} | title, steps(agents.no_steps, run, TASK, "--agent", "plan")


def vibe_scenes() -> Iterator[tuple[str, Works, Run]]:
    run, free = drive.vibe, "--auto-approve"
    yield "task", MAIN, steps(agents.vibe_steps, run, TASK, free)
    yield "approval", MAIN | {"approval": 2}, steps(agents.vibe_steps, run, TASK, "--smart-approve")
    yield "sub-agent", APART | {"continuation": 2}, steps(agents.vibe_subagent, run, TASK, free)


def aider_scenes() -> Iterator[tuple[str, Works, Run]]:
    run, once = drive.aider, ("--message", TASK, FILE)
    yield "task", {"turn": 1, "commit": 1}, script(agents.editing, run, *once)
    architect = script(agents.architecting, run, "--architect", *once)
    yield "architect", {"plan": 1, "turn": 1, "commit": 1}, architect


def scenes() -> list[Scene]:
    """All that five clients can be made to do without a person at a terminal."""
    by_client = {
        "claude-code": claude_scenes(),
        "codex": codex_scenes(),
        "opencode": opencode_scenes(),
        "mistral-vibe": vibe_scenes(),
        "aider": aider_scenes(),
    }
    return [
        Scene(client=client, name=name, expected=expected, run=run)
        for client, told in by_client.items()
        for name, expected, run in told
    ]


def record(scene: Scene, folder: Path) -> list[Exchange]:
    """Play a scene. What each request truly was is checked by its number, not taken on trust."""
    story = scene.run(folder)
    works = Counter(story.works())
    if works != Counter(scene.expected):
        raise AssertionError(f"{scene.client}, {scene.name}: {dict(works)} is not {scene.expected}")
    return [
        Exchange(
            scene=scene.name,
            client=scene.client,
            work=decision["work"],
            role=decision["role"],
            dialect=asked.dialect,
            headers={name.lower(): value for name, value in asked.headers},
            body=readdress(asked.body, AUTO),
        )
        for decision, asked in zip(story.decisions, story.asked, strict=True)
        if asked.dialect is not None
    ]


def seen_with(book: RuleBook, exchanges: Iterable[Exchange]) -> list[Seen]:
    """Decide one scene's exchanges again, in order, with these rules and an empty memory."""
    by = msgspec.structs.replace(recogniser(book), sessions=Sessions())
    return [_decided(by, exchange) for exchange in exchanges]


def _decided(by: Recogniser, exchange: Exchange) -> Seen:
    snapshot = build(Settings(roles=ROLES), KNOWN, rules="r1", at=AT)
    taken = understand(Target(exchange.dialect), None, exchange.headers, exchange.body, by)
    session = by.sessions.get(taken.thread)
    decision = decide(taken.request, snapshot, session, id="d")
    by.sessions.remember(after(session, taken.request, decision, "anthropic/claude-opus-5-5"))
    by.sessions.note_main(taken.request, taken.thread)
    return Seen(exchange=exchange, role=decision.role, signal=decision.reason.rule)


def without(book: RuleBook, client: str) -> RuleBook:
    """The rules as they would be had nobody described this client."""
    others = {name: rules for name, rules in book.clients.items() if name != client}
    return msgspec.structs.replace(book, clients=others)


def main() -> None:
    book = load_rules()
    with TemporaryDirectory(prefix="rolecall-traffic-") as folder:
        played = {
            (scene.client, scene.name): record(scene, Path(folder) / str(number))
            for number, scene in enumerate(scenes())
        }
    print(_table("With all rules", {key: seen_with(book, of) for key, of in played.items()}))
    left_out = {key: seen_with(without(book, key[0]), of) for key, of in played.items()}
    print(_table("Without the client's own rules", left_out))
    for seen in (one for scene in left_out.values() for one in scene):
        if seen.role != seen.exchange.role:
            of = seen.exchange
            print(f"- {of.client}, {of.scene}: {of.work} played {seen.role} ({seen.signal})")


def _table(title: str, scenes_seen: dict[tuple[str, str], list[Seen]]) -> str:
    head = "| client | requests | right role | chores right | chores to plan or review |"
    lines = [f"{title}:", "", head, "|---|---|---|---|---|"]
    for client in dict.fromkeys(client for client, _ in scenes_seen):
        found = [seen for (name, _), seen in scenes_seen.items() if name == client]
        all_seen = [one for scene in found for one in scene]
        chores = [one for one in all_seen if one.exchange.work in CHORES]
        right = sum(one.role == one.exchange.role for one in all_seen)
        fine = sum(one.role == one.exchange.role for one in chores)
        dear = sum(one.role in HARD for one in chores)
        lines.append(f"| {client} | {len(all_seen)} | {right} | {fine} of {len(chores)} | {dear} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
