"""Replay many candidates on several cores, each on a bench of its own."""

from __future__ import annotations

import queue
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from rolecall.errors import GitError, TrialError
from rolecall.trials.judging.execute import Done, Execute
from rolecall.trials.judging.tasks import write_task
from rolecall.trials.judging.toolchain import Toolchain
from rolecall.trials.mining.candidates import Candidate
from rolecall.trials.mining.foreign import check_imports
from rolecall.trials.mining.journal import Entry
from rolecall.trials.mining.named import names_of
from rolecall.trials.mining.replay import Bench, Refused, at, bench, replayed
from rolecall.trials.mining.requests import Read, kind_of, request
from rolecall.trials.mining.weigh import text, weighed
from rolecall.types.trials import Judge, Task

Progress = Callable[[int, int], None]
"""Is told how many candidates are done, and of how many."""
Until = Callable[[threading.Event], Execute]
"""Makes what runs commands, and ends those that run once the event is set."""


class Mining(Struct, frozen=True, kw_only=True):
    """What is mined, how its tests run, and where tasks go."""

    repository: Path
    head: str
    folder: Path
    key: str
    tools: Toolchain
    read: Read
    seconds: float
    workers: int
    command: tuple[str, ...] = ()


def replay_all(
    mining: Mining, candidates: Sequence[Candidate], execute: Until, told: Progress
) -> Iterator[Entry]:
    """What becomes of each, as it is known. Its task is written before that is said."""
    over = threading.Event()
    benches: queue.SimpleQueue[Bench] = queue.SimpleQueue()
    count = min(mining.workers, len(candidates))
    with ExitStack() as stack:
        place = stack.enter_context(_place(mining.folder / "work"))
        for number in range(count):
            made = bench(
                mining.repository, place / str(number), mining.tools, _until(execute, over)
            )
            benches.put(replace(made, seconds=mining.seconds))
        if count:
            _check(benches, mining.head)
        pool = stack.enter_context(ThreadPoolExecutor(max(1, count)))
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        stack.callback(over.set)
        futures = [pool.submit(_replay, mining, benches, one) for one in candidates]
        told(0, len(futures))
        for done, future in enumerate(as_completed(futures), 1):
            yield future.result()
            told(done, len(futures))


@contextmanager
def _place(folder: Path) -> Iterator[Path]:
    """An empty folder for benches; what a killed process left there goes first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check(benches: queue.SimpleQueue[Bench], head: str) -> None:
    one = benches.get()
    at(one, head)
    check_imports(one)
    benches.put(one)


def _until(execute: Until, over: threading.Event) -> Execute:
    """The same, but nothing is begun any more once it is over, and what was ended is no result."""
    until = execute(over)

    def run(
        command: Sequence[str], tree: Path, *, seconds: float, environ: Mapping[str, str]
    ) -> Done:
        done = None if over.is_set() else until(command, tree, seconds=seconds, environ=environ)
        if done is None or over.is_set():
            raise TrialError("mining was stopped; the same command goes on where it was")
        return done

    return run


def _replay(mining: Mining, benches: queue.SimpleQueue[Bench], candidate: Candidate) -> Entry:
    one = benches.get()
    try:
        return _entry(mining, one, candidate)
    finally:
        benches.put(one)


def _entry(mining: Mining, one: Bench, candidate: Candidate) -> Entry:
    sha = candidate.commit.sha
    try:
        found = replayed(one, candidate)
    except GitError as error:
        found = Refused(reason="incomplete", says=str(error))
    if isinstance(found, Refused):
        return Entry(commit=sha, key=mining.key, reason=found.reason, says=found.says)
    judge = replace(found.judge, weak=weighed(one, candidate, found.judge), command=mining.command)
    task = _task(mining, one, candidate, judge)
    write_task(mining.folder / "tasks", task)
    return Entry(commit=sha, key=mining.key, task=task.id, says=judge.weak)


def _task(mining: Mining, one: Bench, candidate: Candidate, judge: Judge) -> Task:
    commit = candidate.commit
    before = "\n".join(text(one.store, commit.parents[0], path) or "" for path in candidate.tests)
    return Task(
        id=commit.sha[:12],
        repository=str(mining.repository),
        base=commit.parents[0],
        request=request(commit.message, names_of(judge.must_pass, before)),
        kind=kind_of(commit.message, mining.read),
        source=commit.sha,
        judge=judge,
        size=candidate.size,
        at=commit.at,
    )
