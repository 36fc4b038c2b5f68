"""Replay a commit: its tests have to fail before it and pass after it, three times in a row.

Before is the parent's state with the commit's tests put in, just as a judge puts them in. Cheap
questions come first: one run after, one before; only what passes both is run again.
"""

from __future__ import annotations

import os
import re
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from msgspec import Struct

from rolecall.errors import TrialError
from rolecall.trials.judging.execute import Execute
from rolecall.trials.judging.git import Store, opened
from rolecall.trials.judging.restore import restore
from rolecall.trials.judging.results import Results, run_tests
from rolecall.trials.judging.runners.runner import TEST_FOLDERS
from rolecall.trials.judging.runners.table import RUNNERS
from rolecall.trials.judging.toolchain import Toolchain
from rolecall.trials.mining.candidates import Candidate, Reason
from rolecall.trials.mining.history import Change
from rolecall.types.trials import Judge

TIMES = 3
"""Runs on each side that have to agree."""
MOST_OTHERS = 6
"""Test files beside the commit's own that are to stay passing."""
MOST_KEPT = 2_000
"""Tests that are named as to stay passing; more would make a task unreadable and prove no more."""
_SERVICE = re.compile(
    r"Connection ?Refused|connection to server|could not connect|Name or service not known"
    r"|name resolution|\bECONNREFUSED|\bENOTFOUND|getaddrinfo|No route to host"
    r"|Max retries exceeded|docker\.errors|Cannot connect to the Docker|\bConnectionError",
    re.IGNORECASE,
)
"""How tests say that somebody they need does not answer."""


class Bench(Struct, frozen=True, kw_only=True):
    """A tree that goes from commit to commit, with what runs tests in it."""

    store: Store
    tree: Path
    tools: Toolchain
    execute: Execute
    seconds: float = 120.0


class Refused(Struct, frozen=True, kw_only=True):
    """Why a candidate is no task; `says` is what its tests said."""

    reason: Reason
    says: str = ""


class Proved(Struct, frozen=True, kw_only=True):
    """A judge that was tried three times on both sides."""

    judge: Judge


def bench(repository: Path, place: Path, tools: Toolchain, execute: Execute) -> Bench:
    """A bench in a folder of its own, which is not there yet."""
    tree = place / "tree"
    tree.mkdir(parents=True)
    store = opened(repository, place / "store")
    return Bench(store=store, tree=tree.resolve(), tools=tools, execute=execute)


def at(bench: Bench, commit: str) -> None:
    """Make the tree that of a commit, with nothing left of what tests did to it."""
    bench.store.git("read-tree", "--reset", "-u", f"{commit}^{{tree}}", tree=bench.tree)
    bench.store.git("clean", "-ffdxq", "-e", "/.rolecall", tree=bench.tree)


def before(bench: Bench, candidate: Candidate, files: Sequence[str]) -> None:
    """Make the tree that of the parent, with the commit's own tests in it."""
    at(bench, candidate.commit.parents[0])
    rigging = RUNNERS[bench.tools.form].rigging
    restore(bench.store, candidate.commit.sha, bench.tree, files=files, rigging=rigging)


def replayed(bench: Bench, candidate: Candidate) -> Proved | Refused:
    """Whether this commit is a task, and what judges it."""
    files = judge_files(candidate, candidate.tests)
    at(bench, candidate.commit.sha)
    after = _run(bench, candidate.tests, 1)
    if refused := _unfit(bench, candidate, after):
        return refused
    before(bench, candidate, files)
    earlier = _run(bench, candidate.tests, 1)
    if earlier.done.stop != "finished":
        return Refused(reason="slow", says="before the change")
    must = after.passed - earlier.passed
    if not must:
        return Refused(reason="passes", says=f"{len(after.passed)} pass on both sides")
    return _proved(bench, candidate, must)


def _unfit(bench: Bench, candidate: Candidate, after: Results) -> Refused | None:
    """Why nothing can be learnt from tests that were run with the change in place."""
    if after.done.stop == "time":
        return Refused(reason="slow")
    if after.passed and after.done.stop == "finished":
        return None
    says = next((one.says for one in after.wrong if one.says), "") or _last(after.done.output)
    if _SERVICE.search(says):
        return Refused(reason="service", says=says)
    if _has_submodules(bench.store, candidate.commit.sha):
        return Refused(reason="no-submodule", says=says)
    outcomes = {one.outcome for one in after.told.values()}
    if outcomes == {"skipped"}:
        return Refused(reason="skipped", says=says)
    return Refused(reason="fails" if "failed" in outcomes else "not-running", says=says)


def _last(output: str) -> str:
    return (output.strip().splitlines() or ["nothing was printed"])[-1][:300]


def _has_submodules(store: Store, commit: str) -> bool:
    return b"\0160000 commit" in b"\0" + store.git("ls-tree", "-r", "-z", commit)


def _proved(bench: Bench, candidate: Candidate, first: frozenset[str]) -> Proved | Refused:
    """Run both sides until they were run three times each; what wavers does not judge."""
    run = (*candidate.tests, *others(bench.store, candidate, RUNNERS[bench.tools.form].is_test))
    files = judge_files(candidate, run)
    afters = []
    for seed in range(2, TIMES + 1):
        at(bench, candidate.commit.sha)
        afters.append(_run(bench, run, seed))
        if afters[-1].done.stop != "finished" and len(run) > len(candidate.tests):
            run = candidate.tests
            at(bench, candidate.commit.sha)
            afters[-1] = _run(bench, run, seed)
    befores = []
    for seed in range(2, TIMES + 1):
        before(bench, candidate, files)
        befores.append(_run(bench, run, seed))
    must = first.intersection(*(one.passed for one in afters))
    must -= frozenset().union(*(one.passed for one in befores))
    if not must:
        return Refused(reason="flaky", says=", ".join(sorted(first)[:3]))
    keep = frozenset.intersection(*(one.passed for one in (*afters, *befores)))
    return Proved(
        judge=Judge(
            runner=bench.tools.runner,
            files=files,
            run=run,
            must_pass=tuple(sorted(must)),
            keep_passing=tuple(sorted(keep)[:MOST_KEPT]),
            seconds=round(statistics.median(one.done.seconds for one in afters), 2),
        )
    )


def _run(bench: Bench, files: Sequence[str], seed: int) -> Results:
    return run_tests(
        bench.tools, files, bench.tree, bench.execute, seconds=bench.seconds, seed=seed
    )


def judge_files(candidate: Candidate, tests: Sequence[str]) -> tuple[str, ...]:
    """What a judge puts back: whole folders of tests, tests beside source, and what supports them.

    Folders, because what helps tests, and what a candidate might slip in beside them, lies there.
    """
    found = dict.fromkeys(_folder(path) or path for path in (*tests, *candidate.support))
    return tuple(sorted(found))


def _folder(path: str) -> str:
    """The outermost folder on the way that holds tests by its name."""
    parts = PurePosixPath(path).parts
    depth = next((at for at, part in enumerate(parts[:-1]) if part in TEST_FOLDERS), None)
    return "" if depth is None else "/".join(parts[: depth + 1])


def others(store: Store, candidate: Candidate, is_test: Callable[[str], bool]) -> tuple[str, ...]:
    """Test files beside the commit's own that name what it changes, those first that name most."""
    names = dict.fromkeys(filter(None, map(_named, candidate.sources)))
    if not names:
        return ()
    asked = [part for name in names for part in ("-e", name)]
    try:
        found = store.git("grep", "-c", "-z", "-I", "-w", "-F", *asked, candidate.commit.sha, "--")
    except TrialError:
        return ()
    return _most_named(found, candidate, is_test)


def _named(change: Change) -> str:
    """How tests speak of a source file: by its name, or by its folder's where that says nothing."""
    path = PurePosixPath(change.path)
    return path.parent.name if path.stem in {"__init__", "index", "mod", "main"} else path.stem


def _most_named(
    found: bytes, candidate: Candidate, is_test: Callable[[str], bool]
) -> tuple[str, ...]:
    """`git grep -c -z` writes `COMMIT:PATH`, a zero byte, the count and a line end."""
    counts: dict[str, int] = {}
    for line in os.fsdecode(found).splitlines():
        place, _, count = line.partition("\0")
        path = place.partition(":")[2]
        if path not in candidate.tests and is_test(path) and count.isdigit():
            counts[path] = int(count)
    return tuple(sorted(counts, key=lambda path: (-counts[path], path))[:MOST_OTHERS])
