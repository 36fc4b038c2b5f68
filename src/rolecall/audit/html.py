"""An audit as a page of its own (extra `ui`): no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from importlib import resources
from typing import Any

from msgspec import Struct

from rolecall.audit import charts
from rolecall.audit.drawings import Habits, OverTime, spending
from rolecall.audit.drawings import worth as worth_of
from rolecall.audit.habits.finding import Finding
from rolecall.audit.report import Report
from rolecall.audit.worth import worth
from rolecall.errors import ConfigError
from rolecall.spoken.figures import big, dollars, plain

USD_BY_HABIT = "USD by habit"
TEMPLATES = "rolecall.audit", "templates"
"""The package and the folder that hold them."""


class Drawn(Struct, frozen=True):
    """A chart and what it shows, in words."""

    label: str
    svg: str = ""
    src: str = ""
    """Where it is to be had, in place of the picture itself."""


class Charts(Struct, frozen=True, kw_only=True):
    """The charts of an audit; none where no price is known."""

    spending: tuple[Drawn, ...] = ()
    habits: tuple[Drawn, ...] = ()


def page(found: Report) -> str:
    """The report as HTML. Raises `ConfigError` where the extra is missing."""
    template = environment([TEMPLATES]).get_template("report.html")
    return str(template.render(found=found, charts=drawn(found), style=style()))


def style() -> str:
    return resources.files(TEMPLATES[0]).joinpath(TEMPLATES[1], "page.css").read_text("utf-8")


def drawn(found: Report) -> Charts:
    """All charts of an audit."""
    days = tuple(
        Drawn(label=f"USD a day by {one.by}", svg=charts.svg(charts.over_time(one)))
        for one in drawings(found)
    )
    habits = tuple(
        Drawn(label=USD_BY_HABIT, svg=charts.svg(charts.habits(one)))
        for one in drawings_of_habits(found)
    )
    return Charts(spending=days, habits=habits)


def drawings(found: Report) -> tuple[OverTime, ...]:
    """Spending by model and by role; nothing where no price is known."""
    return (spending(found.by_day, "model"), spending(found.by_day, "role")) if found.by_day else ()


def drawings_of_habits(found: Report) -> tuple[Habits, ...]:
    """The habits with money; nothing where none has any."""
    drawing = worth_of(found.findings)
    return (drawing,) if drawing.amounts else ()


def picture(found: Report) -> bytes:
    """The charts of an audit in one PNG. Raises `ConfigError` where no price is known."""
    parts = [charts.over_time(one) for one in drawings(found)]
    parts += [charts.habits(one) for one in drawings_of_habits(found)]
    if not parts:
        raise ConfigError("no call of this time has a known price, so there is nothing to draw")
    return charts.png(charts.together(parts))


def environment(folders: Sequence[tuple[str, str]]) -> Any:
    """Templates in which every text is escaped. Raises `ConfigError` without the extra."""
    try:
        import jinja2  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise ConfigError("pages need the extra ui: pip install 'rolecall[ui]'") from error
    loaders = [jinja2.PackageLoader(package, folder) for package, folder in folders]
    found = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,
        finalize=_finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "big": big,
        "dollars": dollars,
        "number": "{:,}".format,
        "share": _share,
        "day": _day,
        "moment": _moment,
        "worth": _worth,
    }
    return found


def _finalize(value: Any) -> Any:
    """What others chose, without control characters; markup of our own stays."""
    return plain(value) if type(value) is str else value


def _share(part: Decimal | int, whole: Decimal | int) -> str:
    return f"{part / whole:.0%}" if whole else ""


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"


def _worth(one: Finding) -> str:
    return worth(one.money, one.money_is)
