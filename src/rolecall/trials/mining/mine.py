"""Mine a repository's history for tasks, without doing anything twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from rolecall.errors import TrialError
from rolecall.trials.judging.git import asked, borrowed, top
from rolecall.trials.judging.runners.table import RUNNERS
from rolecall.trials.judging.tasks import read_task, trial_folder, write_task
from rolecall.trials.judging.toolchain import Toolchain, toolchain
from rolecall.trials.mining import journal
from rolecall.trials.mining.candidates import Candidate, Reason, considered
from rolecall.trials.mining.history import commits
from rolecall.trials.mining.journal import Entry
from rolecall.trials.mining.planted import review_task
from rolecall.trials.mining.requests import Read
from rolecall.trials.mining.weigh import texts
from rolecall.trials.mining.work import Mining, Progress, Until, replay_all
from rolecall.types.trials import Runner


class Ask(Struct, frozen=True, kw_only=True):
    """What is to be mined, and within which bounds.

    `most` commits are looked at, the newest first. `seconds` is what one run of tests may take.
    `again` replays what was dropped before. `review` makes review tasks of small fixes, too.
    """

    repository: Path
    data: Path
    environ: Mapping[str, str]
    runner: Runner | None = None
    command: tuple[str, ...] = ()
    since: datetime | None = None
    most: int = 1000
    most_lines: int = 500
    seconds: float = 120.0
    again: bool = False
    review: bool = False
    workers: int = 2


class Mined(Struct, frozen=True, kw_only=True):
    """What became of the commits that were seen: each is kept, or dropped for one reason.

    `fresh` were replayed now, the other candidates before. `weak` are kept ones whose judge proves
    little, `reviews` the review tasks that were made. `replays` holds all candidates, newest first.
    """

    repository: str
    folder: str
    seen: int
    candidates: int
    fresh: int
    kept: int
    weak: int
    reviews: int
    dropped: dict[Reason, int]
    shallow: bool
    replays: tuple[Entry, ...]


class Seen(Struct, frozen=True, kw_only=True):
    """What the history holds: candidates, and how many others are none for which reason."""

    head: str
    candidates: list[Candidate]
    dropped: Counter[Reason]
    shallow: bool

    @property
    def count(self) -> int:
        return len(self.candidates) + self.dropped.total()


def mine(ask: Ask, execute: Until, read: Read, told: Progress) -> Mined:
    """Mine. What is found is written at once; a second call goes on where this one stopped."""
    repository = top(ask.repository)
    tools = toolchain(repository, environ=ask.environ, runner=ask.runner, command=ask.command)
    folder = trial_folder(ask.data, repository)
    with journal.alone(folder):
        seen = look_through(repository, tools, ask)
        mining = Mining(
            repository=repository,
            head=seen.head,
            folder=folder,
            key=journal.key_of(tools.form, tools.command),
            tools=tools,
            read=read,
            seconds=ask.seconds,
            workers=ask.workers,
            command=ask.command,
        )
        known = _known(mining, again=ask.again)
        todo = [one for one in seen.candidates if one.commit.sha not in known]
        for entry in replay_all(mining, todo, execute, told):
            journal.keep(folder, entry)
            known[entry.commit] = entry
        replays = tuple(known[one.commit.sha] for one in seen.candidates)
        reviews = _reviews(mining, seen.candidates, replays) if ask.review else 0
    return _mined(mining, seen, replays, fresh=len(todo), reviews=reviews)


def look_through(repository: Path, tools: Toolchain, ask: Ask) -> Seen:
    """Read the history and sort out what cannot be a task. Nothing is run for this."""
    try:
        head = asked("rev-parse", "--verify", "HEAD^{commit}", folder=repository).decode().strip()
    except TrialError as error:
        raise TrialError(f"{repository}: has no commit yet; trials need a history") from error
    candidates: list[Candidate] = []
    dropped: Counter[Reason] = Counter()
    with borrowed(repository) as store:
        for commit in commits(store, head, most=ask.most, since=ask.since):
            found = considered(commit, RUNNERS[tools.form], ask.most_lines)
            if isinstance(found, Candidate):
                candidates.append(found)
            else:
                dropped[found] += 1
        shallow = (store.folder / "shallow").is_file()
    return Seen(head=head, candidates=candidates, dropped=dropped, shallow=shallow)


def _known(mining: Mining, *, again: bool) -> dict[str, Entry]:
    found = journal.entries(mining.folder, mining.key)
    return {sha: entry for sha, entry in found.items() if entry.task or not again}


def _reviews(mining: Mining, candidates: Sequence[Candidate], replays: Sequence[Entry]) -> int:
    """Make review tasks of mined fixes; one that is there already is left as it is."""
    made, tasks = 0, mining.folder / "tasks"
    with borrowed(mining.repository) as store:
        for candidate, entry in zip(candidates, replays, strict=True):
            path = tasks / f"{entry.task}.toml"
            if not entry.task or not path.is_file():
                continue
            task = read_task(path, mining.repository)
            review = review_task(candidate, task, texts(store, candidate))
            if review is not None and not (tasks / f"{review.id}.toml").exists():
                write_task(tasks, review)
                made += 1
    return made


def _mined(
    mining: Mining, seen: Seen, replays: tuple[Entry, ...], *, fresh: int, reviews: int
) -> Mined:
    kept = [entry for entry in replays if entry.task]
    replayed = Counter(entry.reason for entry in replays if entry.reason is not None)
    return Mined(
        repository=str(mining.repository),
        folder=str(mining.folder / "tasks"),
        seen=seen.count,
        candidates=len(seen.candidates),
        fresh=fresh,
        kept=len(kept),
        weak=sum(bool(entry.says) for entry in kept),
        reviews=reviews,
        dropped=dict((seen.dropped + replayed).most_common()),
        shallow=seen.shallow,
        replays=replays,
    )
