"""Judge a review by the places it names.

A reviewer could name every line, so only the first places count, three for each defect; and could
name a whole file, so only the first lines of a range do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from rolecall.types.trials import Defect, Task

ANSWER = "REVIEW.md"
"""Where a reviewer writes, in the tree."""
PLACES = 3
"""Places that count, for each defect."""
NEAR = 3
"""Lines beside a defect that still name it."""
WIDEST = 20
"""Lines of a range that count."""
_PLACE = re.compile(
    r"(?<![\w/.:-])(?P<path>/?[\w.+-]+(?:/[\w.+-]+)*)[`*\"')\]]*"
    r"(?:\s*:\s*(?:L|lines?\s*)?|\s*#L|,?\s*\(?(?:at\s+)?lines?\s*:?\s*)"
    r"(?P<first>\d{1,7})(?:\s*(?:-|\u2013|to)\s*L?(?P<last>\d{1,7}))?"
)
"""`path:12`, `path:12-14`, `path#L12`, `path, line 12`, `path (lines 12 to 14)`."""


class Place(Struct, frozen=True):
    """What an answer names: lines `first` to `last` of a file."""

    path: str
    first: int
    last: int


class Reviewed(Struct, frozen=True, kw_only=True):
    """Which defects were named, and how many places the answer spent on that."""

    found: tuple[Defect, ...]
    missed: tuple[Defect, ...]
    places: int

    @property
    def says(self) -> str:
        total = len(self.found) + len(self.missed)
        counted = min(self.places, PLACES * total)
        word = "place" if self.places == 1 else "places"
        told = f"{len(self.found)} of {total} defects found; {self.places} {word} named"
        return told if counted == self.places else f"{told}, the first {counted} counted"


def places(answer: str) -> Iterator[Place]:
    """The places an answer names, in its order, each once."""
    seen = set()
    for found in _PLACE.finditer(answer):
        path = found["path"]
        if "." not in path and "/" not in path:
            continue
        first = int(found["first"])
        last = max(first, int(found["last"] or first))
        place = Place(path.lstrip("./"), first, min(last, first + WIDEST - 1))
        if place not in seen:
            seen.add(place)
            yield place


def reviewed(task: Task, answer: str) -> Reviewed:
    """Which of the task's defects an answer names."""
    named = list(places(answer))
    counted = named[: PLACES * len(task.defects)]
    found = tuple(one for one in task.defects if any(_names(place, one) for place in counted))
    missed = tuple(one for one in task.defects if one not in found)
    return Reviewed(found=found, missed=missed, places=len(named))


def _names(place: Place, defect: Defect) -> bool:
    same = _ends_with(place.path, defect.path) or _ends_with(defect.path, place.path)
    return same and place.first <= defect.last + NEAR and place.last >= defect.first - NEAR


def _ends_with(path: str, end: str) -> bool:
    return path == end or path.endswith(f"/{end}")


def chance(defect: Defect, lines: int) -> float:
    """How often somebody names a defect who names places of a file of so many lines at random."""
    if lines <= 0:
        return 1.0
    share = min(1.0, (defect.last - defect.first + 1 + 2 * NEAR) / lines)
    return float(1 - (1 - share) ** PLACES)
