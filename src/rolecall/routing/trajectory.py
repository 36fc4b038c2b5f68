"""What has happened in a conversation so far: a fold over its messages.

A turn repeats the whole history. What was read of it before is remembered by a hash of the
prefix, so that only new messages are decoded and read.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from zlib import crc32

import msgspec
from msgspec import Struct

from rolecall.routing.course import Course, ToolSort
from rolecall.routing.typed import speaks
from rolecall.types import Trajectory
from rolecall.wire.parsed import Parsed
from rolecall.wire.steps import Call, Result, Step, blocks_of

_LOOKED_AT = 2_000
"""Characters at the end of a tool's result that are read, and bytes of a call's arguments."""
_BACK = 4
"""Messages before the last at which the state is remembered too: clients rewrite the newest ones
with the next turn, for instance to move a cache mark."""
_NUMBERS = re.compile(r"0x[0-9a-f]+|\d+(?:\.\d+)?", re.IGNORECASE)
_MOST_PENDING = 64
_MOST_SWAPS = 16
"""The newest edits, one of which another may take back."""
_SWAPPED = (("old_string", "new_string"), ("old_str", "new_str"), ("oldString", "newString"))
"""Names that tools give to the text they look for and the one they put there."""
Swap = tuple[int, int]


class Pending(Struct, frozen=True):
    """A call whose result has not come yet. `swap` stands for what an edit replaces by what."""

    id: str
    sort: ToolSort
    tests: bool
    swap: Swap | None = None


class Walk(Struct, frozen=True, kw_only=True):
    """Where the fold stands: what was seen, and the calls that wait for their results."""

    seen: Trajectory = Trajectory()
    pending: tuple[Pending, ...] = ()
    swaps: tuple[Swap, ...] = ()


def walk_on(walk: Walk, step: Step, course: Course) -> Walk:
    """The state after one more message. Pure."""
    seen = msgspec.structs.replace(walk.seen, messages=walk.seen.messages + 1)
    match step.author:
        case "assistant":
            seen, pending = _called(seen, walk.pending, step.calls, course)
            return Walk(seen=seen, pending=pending, swaps=walk.swaps)
        case "tool":
            now = Walk(seen=seen, pending=walk.pending, swaps=walk.swaps)
            for result in step.results:
                now = _answered(now, result, course)
            typed = [text for text in step.texts if speaks(text)]
            if not typed:
                return now
            return msgspec.structs.replace(now, seen=_spoken(now.seen, typed, step, course))
        case "human":
            typed = [text for text in step.texts if speaks(text)]
            return Walk(seen=_spoken(seen, typed, step, course), swaps=walk.swaps)
        case _:
            seen = _compacted(seen, step, course)
            return Walk(seen=seen, pending=walk.pending, swaps=walk.swaps)


def _spoken(seen: Trajectory, typed: list[str], step: Step, course: Course) -> Trajectory:
    """A message without a typed word is the harness speaking: it starts no turn."""
    seen = _compacted(seen, step, course)
    if not typed:
        return seen
    objects = seen.turns > 0 and bool(course.pushback.search(typed[-1][:200]))
    return msgspec.structs.replace(
        seen,
        turns=seen.turns + 1,
        steps=0,
        pushed_back=objects,
        pushbacks=seen.pushbacks + objects,
    )


def _compacted(seen: Trajectory, step: Step, course: Course) -> Trajectory:
    told = any(course.is_summary(text[:_LOOKED_AT]) for text in step.texts)
    return msgspec.structs.replace(seen, compacted=True) if told else seen


def _called(
    seen: Trajectory, pending: tuple[Pending, ...], calls: tuple[Call, ...], course: Course
) -> tuple[Trajectory, tuple[Pending, ...]]:
    for call in calls:
        sort = course.sort_of(call.name)
        given = bytes(call.arguments)[:_LOOKED_AT].decode("utf-8", "replace")
        tests = sort == "run" and course.runs_tests(given)
        swap = _swap(call) if sort == "edit" else None
        pending = (*pending[-_MOST_PENDING:], Pending(call.id, sort, tests, swap))
        match sort:
            case "read":
                seen = msgspec.structs.replace(seen, reads=seen.reads + 1)
            case "search":
                seen = msgspec.structs.replace(seen, searches=seen.searches + 1)
            case "run":
                seen = msgspec.structs.replace(seen, runs=seen.runs + 1)
            case _:
                pass  # an edit counts when it went in
    return seen, pending


def _swap(call: Call) -> Swap | None:
    """What an edit replaces by what, as two hashes; None where the tool names it otherwise."""
    try:
        given = msgspec.json.decode(call.arguments)
        given = msgspec.json.decode(given) if isinstance(given, str) else given
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(given, dict):
        return None
    for old, new in _SWAPPED:
        if isinstance(given.get(old), str) and isinstance(given.get(new), str):
            return crc32(given[old].encode()), crc32(given[new].encode())
    return None


def _answered(walk: Walk, result: Result, course: Course) -> Walk:
    """Take up a result. Where ids are missing, results belong to calls in their order."""
    pending = walk.pending
    call = next((one for one in pending if one.id == result.id), pending[0] if pending else None)
    seen = msgspec.structs.replace(walk.seen, steps=walk.seen.steps + 1, idle=walk.seen.idle + 1)
    if call is None:
        return msgspec.structs.replace(walk, seen=seen)
    rest = tuple(one for one in pending if one is not call)
    swaps = walk.swaps
    if call.sort == "edit":
        edits = seen.edits
        seen = _edited(seen, result, course)
        if call.swap is not None and seen.edits > edits:
            back = (call.swap[1], call.swap[0]) in swaps
            seen = msgspec.structs.replace(seen, reverts=seen.reverts + back)
            swaps = (*swaps[-_MOST_SWAPS:], call.swap)
    elif call.tests:
        seen = _tested(seen, result, course)
    return Walk(seen=seen, pending=rest, swaps=swaps)


def _edited(seen: Trajectory, result: Result, course: Course) -> Trajectory:
    text = "\n".join(blocks_of(result.content))
    if result.failed or course.edit_failed.search(text[:300]):
        return msgspec.structs.replace(seen, edits_failed=seen.edits_failed + 1)
    return msgspec.structs.replace(seen, edits=seen.edits + 1, idle=0)


def _tested(seen: Trajectory, result: Result, course: Course) -> Trajectory:
    text = "\n".join(blocks_of(result.content))[-_LOOKED_AT:]
    if course.failed.search(text) or (result.failed and not course.passed.search(text)):
        how = _failure(text, course)
        same = seen.tests == "failed" and how == seen.failure
        return msgspec.structs.replace(
            seen,
            tested=seen.tested + 1,
            tests="failed",
            failures=seen.failures + 1,
            failure=how,
            same_failures=seen.same_failures + 1 if same else 0,
        )
    if course.passed.search(text):
        return msgspec.structs.replace(
            seen, tested=seen.tested + 1, tests="passed", failures=0, same_failures=0, failure=0
        )
    return seen  # nothing tells: neither passed nor failed


def _failure(text: str, course: Course) -> int:
    """Stands for how a test run failed: its telling lines without their numbers."""
    lines = course.failure.findall(text) or [text[-200:]]
    return crc32(_NUMBERS.sub("#", "\n".join(line.strip() for line in lines)).encode())


class Trajectories:
    """Reads trajectories. Remembers the newest `capacity` states by the hash of their prefix."""

    def __init__(self, course: Course, capacity: int = 20_000) -> None:
        self.course = course
        self._capacity = capacity
        self._walks: OrderedDict[int, Walk] = OrderedDict()

    def of(self, parsed: Parsed) -> Trajectory:
        """What has happened in this conversation. Costs time for what is new in it."""
        prefixes = parsed.prefixes()
        count = len(prefixes)
        known = next((n for n in range(count, 0, -1) if prefixes[n - 1] in self._walks), 0)
        walk = self._walks[prefixes[known - 1]] if known else Walk()
        for index in range(known, count):
            walk = walk_on(walk, parsed.step(index), self.course)
            if index in {count - 1, count - 1 - _BACK}:
                self._remember(prefixes[index], walk)
        if known == count and count:
            self._walks.move_to_end(prefixes[-1])
        return walk.seen

    def _remember(self, prefix: int, walk: Walk) -> None:
        self._walks[prefix] = walk
        if len(self._walks) > self._capacity:
            self._walks.popitem(last=False)
