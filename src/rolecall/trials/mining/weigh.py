"""Weigh a judge: plant faults into the change it judges, and see how many it lets pass."""

from __future__ import annotations

import time

from rolecall.errors import TrialError
from rolecall.trials.judging.git import Store
from rolecall.trials.judging.results import run_tests
from rolecall.trials.mining.candidates import Candidate
from rolecall.trials.mining.mutants import Mutant, Texts, mutants
from rolecall.trials.mining.replay import Bench, at
from rolecall.types.trials import Judge

BUDGET = 60.0
"""Seconds that are spent on the faults of one task."""
_LEAST = 3
"""Faults from which a judge can be called weak."""
_MOST_BYTES = 400_000


def weighed(bench: Bench, candidate: Candidate, judge: Judge) -> str:
    """Why this judge proves little, or nothing to say."""
    tried, passed = 0, []
    until = time.monotonic() + BUDGET
    for one in mutants(texts(bench.store, candidate), candidate.commit.sha):
        if time.monotonic() > until:
            break
        tried += 1
        if _passes(bench, candidate, judge, one):
            passed.append(one)
    if tried < _LEAST or len(passed) * 2 <= tried:
        return ""
    return f"{len(passed)} of {tried} planted faults pass, as {passed[0].says}"


def _passes(bench: Bench, candidate: Candidate, judge: Judge, fault: Mutant) -> bool:
    """Whether the tests that have to pass do so with this fault in place."""
    at(bench, candidate.commit.sha)
    (bench.tree / fault.path).write_text(fault.text, encoding="utf-8", newline="")
    limit = min(bench.seconds, 3 * judge.seconds + 10)
    found = run_tests(bench.tools, candidate.tests, bench.tree, bench.execute, seconds=limit)
    return found.done.stop == "finished" and found.passed.issuperset(judge.must_pass)


def texts(store: Store, candidate: Candidate) -> Texts:
    """The changed source before and after. What is no text, or is long, is left out."""
    found = {}
    for change in candidate.sources:
        if change.status == "D":
            continue
        before = text(store, candidate.commit.parents[0], change.was or change.path)
        after = text(store, candidate.commit.sha, change.path)
        if after is not None:
            found[change.path] = (before or "", after)
    return found


def text(store: Store, commit: str, path: str) -> str | None:
    """A file as a commit has it; None where it has none, or no text of a sane length."""
    try:
        blob = store.git("cat-file", "blob", f"{commit}:{path}")
        return blob.decode("utf-8") if len(blob) <= _MOST_BYTES else None
    except (TrialError, UnicodeDecodeError):
        return None
