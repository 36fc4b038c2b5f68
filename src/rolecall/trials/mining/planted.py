"""Review tasks from mined fixes: the state before a small fix holds a defect whose place is known.

Nothing is invented: the defect is the one that was fixed, and its place is what the fix touched.
"""

from __future__ import annotations

from rolecall.trials.judging.reviews import ANSWER, PLACES, chance
from rolecall.trials.mining.candidates import Candidate
from rolecall.trials.mining.mutants import Hunk, Texts, hunks
from rolecall.trials.mining.requests import cleaned
from rolecall.types import Kind
from rolecall.types.trials import Defect, Task

_FIXES: frozenset[Kind] = frozenset({"fix", "debugging"})
_MOST_HUNKS, _MOST_LINES = 3, 40
_LUCK = 0.25
"""The chance of naming a defect by guessing from which on a review proves too little."""


def review_task(candidate: Candidate, task: Task, texts: Texts) -> Task | None:
    """The review task of a mined fix; None where it was no small fix, or guessing would do."""
    old = {path: before for path, (before, _) in texts.items() if before}
    if task.kind not in _FIXES or candidate.size > _MOST_LINES or len(old) != len(texts):
        return None
    places = [(path, hunk) for path, pair in texts.items() for hunk in hunks(*pair)]
    if not places or len(places) > _MOST_HUNKS:
        return None
    subject = cleaned(candidate.commit.message).partition("\n")[0]
    defects = tuple(_defect(path, hunk, subject) for path, hunk in places)
    if any(chance(one, len(old[one.path].splitlines())) > _LUCK for one in defects):
        return None
    return Task(
        id=f"review-{task.id}",
        repository=task.repository,
        base=task.base,
        request=_request(sorted(old), len(defects)),
        kind="review",
        source=task.source,
        defects=defects,
        size=candidate.size,
        at=task.at,
    )


def _defect(path: str, hunk: Hunk, says: str) -> Defect:
    """The lines that a fix replaced; where it only added some, those around the place."""
    if hunk.b > hunk.a:
        return Defect(path=path, first=hunk.a + 1, last=hunk.b, says=says)
    return Defect(path=path, first=max(1, hunk.a), last=hunk.a + 1, says=says)


def _request(paths: list[str], count: int) -> str:
    listed = "\n".join(f"- {path}" for path in paths)
    return (
        f"Review these files for defects, places where the code does something wrong:\n{listed}\n\n"
        f"Change nothing. Write what you find to {ANSWER} in the top folder, one finding on a "
        "line as `path:line: what is wrong`, the most serious first. "
        f"The first {PLACES * count} places count."
    )
