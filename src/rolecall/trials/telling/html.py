"""A trial as a page of its own (extra `ui`): no script, nothing from elsewhere.

What agents and tests wrote is text of strangers: it is escaped, cut to size, and shown as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from rolecall.audit.charts import svg
from rolecall.audit.html import TEMPLATES as SHARED
from rolecall.audit.html import Drawn, environment, style
from rolecall.spoken import verdicts as said
from rolecall.spoken.figures import seconds
from rolecall.trials.telling import charts
from rolecall.trials.telling.report import Report
from rolecall.types.trials import Run

TEMPLATES = "rolecall.trials.telling", "templates"
FILES = ("change.diff", "judge.txt", "log.txt")
"""What a run leaves behind, in the order in which one asks for it."""
_LARGEST = 20_000
"""Characters of a file that the page shows."""
_ALL = 20_000_000
"""Characters of all files together; whatever is beyond is named by its folder."""


class Left(Struct, frozen=True, kw_only=True):
    """A file that a run left, or its beginning or end. `cut` counts what is not shown."""

    name: str
    text: str
    cut: int = 0


class Made(Struct, frozen=True, kw_only=True):
    """A run and what it left."""

    run: Run
    files: tuple[Left, ...]


def page(found: Report) -> str:
    """The report as HTML. Raises `ConfigError` where the extra is missing."""
    templates = environment([TEMPLATES, SHARED])
    templates.filters |= {
        "whole": _whole,
        "headline": lambda one: said.headline(one, found.found),
        "figures": lambda one: said.figures(one.contrast, found.found),
        "claims": lambda one: said.claims(one, found.found),
        "gaps": lambda one: said.gaps(one, found.found),
        "strength": said.strength,
        "more": lambda one: said.more(one.more, one.word) if one.why == "open" else "",
        "points": said.points,
        "span": said.span,
        "usd": said.usd,
        "seconds": seconds,
    }
    return str(
        templates.get_template("trial.html").render(
            found=found,
            charts=drawn(found),
            by_task=_by_task(found),
            noise=said.noise(found.found),
            left_out=list(said.left_out(found.found)),
            style=style(),
        )
    )


def drawn(found: Report) -> list[Drawn]:
    """The charts for which there is something to draw."""
    told = found.found
    parts = []
    if any(one.contrast.figures is not None for one in told.verdicts):
        parts.append((charts.intervals(told), "Points of success over the first, with intervals"))
    for name, pairs in found.pairs.items():
        if pairs and not name.endswith("(control)"):
            label = f"Share of runs that solved each task: {told.first} and {name}"
            parts.append((charts.paired(told.first, name, pairs), label))
    if charts.has_prices(told):
        parts.append((charts.frontier(told), "USD a task against the share solved"))
    return [Drawn(label=label, svg=svg(chart)) for chart, label in parts]


def _by_task(found: Report) -> dict[str, list[Made]]:
    """The runs of each task, in the order of the trial, with files while there is room."""
    room = _ALL
    told: dict[str, list[Made]] = {task: [] for task in found.trial.tasks}
    for run in sorted(found.runs, key=lambda run: (run.arm.name, run.repetition)):
        files = _left(run) if room > 0 else ()
        room -= sum(len(one.text) for one in files)
        told.setdefault(run.task, []).append(Made(run=run, files=files))
    return {task: made for task, made in told.items() if made}


def _left(run: Run) -> tuple[Left, ...]:
    if not run.folder:
        return ()
    told = (_file(Path(run.folder) / name, name) for name in FILES)
    return tuple(one for one in told if one is not None)


def _file(path: Path, name: str) -> Left | None:
    """A change from its beginning; of what was said the end. Links are not followed."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        size = path.stat().st_size
        with path.open("rb") as file:
            if name != "change.diff":
                file.seek(max(size - _LARGEST, 0))
            text = file.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return None  # a run whose folder was removed is still a run
    return Left(name=name, text=text, cut=max(size - _LARGEST, 0)) if text.strip() else None


def _whole(text: str) -> Any:
    """Text of several lines, escaped, without other control characters."""
    from markupsafe import Markup, escape  # noqa: PLC0415 (with an extra)

    clean = "".join(
        mark if mark.isprintable() or mark in "\n\t" else f"\\x{ord(mark):02x}"
        for mark in text.replace("\r\n", "\n")
    )
    return Markup(escape(clean))  # noqa: S704 (escaped on this line)
