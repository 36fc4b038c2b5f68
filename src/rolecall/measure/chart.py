"""A chart of one table: what models and cascades solve, by what a task costs. Plain SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from msgspec import Struct

_WIDTH, _HEIGHT = 860, 520
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 300, 46, 54
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_GAP = 15
"""Pixels between two labels."""
_STYLE = """text{font:12px system-ui,sans-serif;fill:#57606a}
.t{font-size:15px;font-weight:600}
.m{fill:#8c959f}.f{fill:#0969da}.c{fill:#cf222e}.l{stroke:#d0d7de}.p{fill:none;stroke:#0969da;
stroke-width:1.5}.e{stroke:#cf222e;stroke-width:1.5}.k{stroke:#8c959f;stroke-width:.7}
.b{fill:#ffffff}@media(prefers-color-scheme:dark){.b{fill:#0d1117}text{fill:#9198a1}
.l{stroke:#30363d}}"""


class Point(Struct, frozen=True, kw_only=True):
    """`cost` is USD for a task, `solved` a share, `low` and `high` its interval where one is known.

    `kind` is `model`, `frontier` (no other model beats it in both) or `cascade`.
    """

    name: str
    kind: str
    cost: float
    solved: float
    low: float | None = None
    high: float | None = None


class Frame(Struct, frozen=True):
    """From figures to pixels: cost on a logarithmic axis, shares on a straight one."""

    least: float
    most: float
    low: float
    high: float

    def x(self, cost: float) -> float:
        part = math.log(cost / self.least) / math.log(self.most / self.least)
        return _LEFT + part * (_WIDTH - _LEFT - _RIGHT)

    def y(self, share: float) -> float:
        part = (share - self.low) / (self.high - self.low)
        return _HEIGHT - _BOTTOM - part * (_HEIGHT - _TOP - _BOTTOM)


def chart(title: str, points: Sequence[Point]) -> str:
    """The SVG. Raises `ValueError` where there is no point with a cost."""
    priced = [one for one in points if one.cost > 0]
    if not priced:
        raise ValueError(f"{title}: no cost is known, so there is nothing to draw")
    frame = _frame(priced)
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect class="b" width="{_WIDTH}" height="{_HEIGHT}"/>',
        f'<text class="t" x="{_LEFT}" y="24">{escape(title)}</text>',
        *_axes(frame),
        _line([one for one in priced if one.kind == "frontier"], frame),
        *_labels([one for one in priced if one.kind != "model"], frame),
        *(_mark(one, frame) for one in priced),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _frame(points: Sequence[Point]) -> Frame:
    costs = [one.cost for one in points]
    least = max((step for step in _STEPS if step <= min(costs)), default=min(costs))
    most = min((step for step in _STEPS if step > max(costs)), default=max(costs) * 2)
    low = math.floor(min(one.solved for one in points) * 10) / 10
    high = min(math.ceil(max(one.high or one.solved for one in points) * 20) / 20, 1.0)
    return Frame(least, most, low, max(high, low + 0.05))


def _axes(frame: Frame) -> Iterator[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    share = frame.low
    while share <= frame.high + 1e-9:
        y = frame.y(share)
        yield f'<line class="l" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        share += 0.1
    for step in _STEPS:
        if frame.least <= step <= frame.most:
            x = frame.x(step)
            yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">${step:g}</text>'
            yield f'<line class="l" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}"/>'
    middle = (_LEFT + right) / 2
    yield (
        f'<text x="{middle:.0f}" y="{bottom + 40}" text-anchor="middle">'
        "USD a task (logarithmic); upward: tasks solved. Grey: models that another beats</text>"
    )


def _line(frontier: Sequence[Point], frame: Frame) -> str:
    ordered = sorted(frontier, key=lambda one: one.cost)
    path = " ".join(f"{frame.x(one.cost):.1f},{frame.y(one.solved):.1f}" for one in ordered)
    return f'<polyline class="p" points="{path}"/>'


def _mark(one: Point, frame: Frame) -> str:
    x, y = frame.x(one.cost), frame.y(one.solved)
    name = {"model": "m", "frontier": "f"}.get(one.kind, "c")
    told = f"{escape(one.name)}: {one.solved:.1%} at ${one.cost:.3f}"
    dot = f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{told}</title></circle>'
    if one.low is None or one.high is None:
        return dot
    top, bottom = frame.y(min(one.high, frame.high)), frame.y(max(one.low, frame.low))
    return f'<line class="e" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>{dot}'


def _labels(points: Sequence[Point], frame: Frame) -> Iterator[str]:
    """Names on the right, in the order of their points, with a line to each; none overlap.

    A model that another beats in both is named where one points at it.
    """
    ordered = sorted(points, key=lambda one: -one.solved)
    y = float(_TOP)
    left = max(_HEIGHT - _BOTTOM - _TOP, 1)
    gap = min(_GAP, left / max(len(ordered), 1))
    for number, one in enumerate(ordered):
        room = _HEIGHT - _BOTTOM - gap * (len(ordered) - 1 - number)
        y = min(max(y, frame.y(one.solved)), room)
        edge = _WIDTH - _RIGHT
        x = frame.x(one.cost)
        yield (
            f'<line class="k" x1="{x:.1f}" y1="{frame.y(one.solved):.1f}" '
            f'x2="{edge + 10}" y2="{y:.1f}"/>'
        )
        yield f'<text x="{edge + 14}" y="{y + 4:.1f}">{escape(one.name)}</text>'
        y += gap
