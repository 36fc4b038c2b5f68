"""`rolecall bench`: strategies over tables of outcomes, beside baselines that embarrass them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from rolecall.cli.options import Json
from rolecall.cli.print_retries import retry_lines
from rolecall.config.load import nearest
from rolecall.errors import ConfigError
from rolecall.gateway.views import encode
from rolecall.measure.bench import Report, Score, folds, points, report
from rolecall.measure.chart import chart
from rolecall.measure.guarantee import Kept
from rolecall.measure.outcomes import PLACES, Table, load
from rolecall.measure.retries import compared
from rolecall.measure.retries import load as load_trials
from rolecall.measure.strategies import VERIFIERS, Verifier
from rolecall.measure.texts import read as read_texts
from rolecall.measure.texts import routed


def bench(
    data: Annotated[Path, typer.Option(help="The folder that holds the tables.")],
    table: Annotated[str | None, typer.Option(help="One table; all where none is named.")] = None,
    verifier: Annotated[
        str, typer.Option(help="perfect, 90/10, 90/30 (of correct / of wrong), 80/50, none, all.")
    ] = "90/30",
    without: Annotated[list[str] | None, typer.Option(help="Models to leave out.")] = None,
    alpha: Annotated[
        float | None,
        typer.Option(
            help="Promise that at most this share is lost, and say how often it was kept."
        ),
    ] = None,
    retries: Annotated[
        bool, typer.Option("--retries", help="Compare cascades with the same model asked again.")
    ] = False,
    charts: Annotated[
        Path | None, typer.Option(help="Draw each table into this folder, as SVG and PNG.")
    ] = None,
    texts: Annotated[
        Path | None, typer.Option(help="Route on the texts of tasks, which stand in this file.")
    ] = None,
    json: Json = False,
) -> None:
    """Score strategies on outcomes, each learnt on other repositories than it is scored on."""
    if retries:
        _retries(data, _verifiers(verifier), json=json)
        return
    names = [_table(table)] if table is not None else list(PLACES)
    tables = [_less(load(name, data), without or ()) for name in names]
    if charts is not None:
        _draw(tables, charts, without or ())
        return
    if texts is not None:
        _by_text(tables, read_texts(texts), json=json)
        return
    found = [_reported(one, by, _share(alpha)) for one in tables for by in _verifiers(verifier)]
    typer.echo(encode(found) if json else "\n\n".join("\n".join(_lines(one)) for one in found))


def _retries(data: Path, verifiers: Iterable[Verifier], *, json: bool) -> None:
    trials = load_trials(data)
    found = {one.name: compared(trials, one) for one in verifiers}
    if json:
        typer.echo(encode(found))
        return
    for name, comparisons in found.items():
        typer.echo(f"terminal-bench, verifier {name}: two attempts at most")
        typer.echo("\n".join(retry_lines(trials, comparisons)) + "\n")


def _by_text(tables: Iterable[Table], texts: Mapping[str, str], *, json: bool) -> None:
    found = [routed(one, texts, folds(one)) for one in tables]
    if json:
        typer.echo(encode(found))
        return
    for one in found:
        gain = one.over_mix
        within = f"{_points(gain.interval.low)} to {_points(gain.interval.high)}"
        typer.echo(
            f"{one.table}: by text {one.to_cheap:.0%} of {one.tasks} tasks go to {one.cheap}, "
            f"{one.accuracy:.1%} solved at ${one.cost:.3f}; over a coin that spends as much "
            f"{_points(gain.mean)} points ({within})"
        )


def _draw(tables: Iterable[Table], folder: Path, without: Iterable[str]) -> None:
    """One chart for each table, under every verifier."""
    convert = _converter()
    folder.mkdir(parents=True, exist_ok=True)
    for one in tables:
        reports = [_reported(one, by, None) for by in VERIFIERS]
        title = f"{one.name}: {len(one.tasks)} tasks, {len(one.runs)} models of one scaffold"
        drawn = chart(title, points(one, reports))
        name = "-without-".join((one.name, *without))
        path = folder / f"bench-{name}.svg"
        path.write_text(drawn, encoding="utf-8")
        path.with_suffix(".png").write_bytes(convert(drawn))
        typer.echo(f"{path} and {path.with_suffix('.png').name}")


def _converter() -> Callable[[str], bytes]:
    """From SVG to PNG."""
    try:
        import vl_convert  # noqa: PLC0415 (84 MB that few need: an extra)
    except ImportError as error:
        says = "PNG needs vl-convert-python; install rolecall with the extra `ui`"
        raise ConfigError(f"--charts: {says}") from error
    return lambda drawn: bytes(vl_convert.svg_to_png(drawn))


def _reported(table: Table, verifier: Verifier, alpha: float | None) -> Report:
    try:
        return report(table, verifier, alpha=alpha)
    except ValueError as error:
        raise ConfigError(f"{table.name}: {error}") from error


def _share(alpha: float | None) -> float | None:
    if alpha is not None and not 0 < alpha < 1:
        raise ConfigError(f"--alpha is {alpha}; give a share between 0 and 1, such as 0.05")
    return alpha


def _table(name: str) -> str:
    if name not in PLACES:
        raise ConfigError(f"there is no table {name!r}; {nearest(name, PLACES)}")
    return name


def _verifiers(name: str) -> tuple[Verifier, ...]:
    if name == "all":
        return VERIFIERS
    found = tuple(one for one in VERIFIERS if one.name == name)
    if not found:
        names = ", ".join(one.name for one in VERIFIERS)
        raise ConfigError(f"there is no verifier {name!r}; there are {names} and all")
    return found


def _less(table: Table, without: Iterable[str]) -> Table:
    """The table without some models. Raises `ConfigError` where it has no such model."""
    gone = set(without) & table.runs.keys()
    left = {model: runs for model, runs in table.runs.items() if model not in gone}
    if not left:
        raise ConfigError(f"{table.name} has no model left to compare")
    return msgspec.structs.replace(table, runs=left)


def _lines(found: Report) -> Iterator[str]:
    checker = found.verifier
    yield (
        f"{found.table}: {found.tasks} tasks of {found.clusters} repositories; a verifier that "
        f"accepts {checker.correct:.0%} of correct and {checker.wrong:.0%} of wrong results"
    )
    rows = [_HEAD, *map(_row, found.scores)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
    for score in found.scores[1:]:
        chosen = "; ".join(f"{name} ({count})" for name, count in score.chosen.items())
        yield f"  {score.strategy}: {chosen}"
    if found.promise is not None:
        yield f"  {_promised(found.promise)}"
    if found.left_out:
        yield f"  not compared: {', '.join(found.left_out)} (results or costs are missing)"


def _promised(found: Kept) -> str:
    return (
        f"promise to lose at most {found.alpha:.0%} of tasks: broken in {found.broken} of "
        f"{found.splits} halves that it was not made on; {found.failed:.1%} lost on average, at "
        f"{found.share:.2f} of the cost"
    )


_HEAD = (
    "strategy",
    "solved",
    "USD/task",
    "USD/solved",
    "gain, 95 %",
    "lower, one-sided",
    "share of cost, 95 %",
    "over random mix",
)


def _row(score: Score) -> tuple[str, ...]:
    gain, share = score.gain, score.share_interval
    return (
        score.strategy,
        f"{score.accuracy:.1%}",
        f"{score.cost:.3f}",
        f"{score.per_solved:.3f}",
        f"{_points(gain.mean)} ({_points(gain.interval.low)} to {_points(gain.interval.high)})",
        _points(gain.lower),
        f"{score.share:.2f} ({share.low:.2f} to {share.high:.2f})",
        _points(score.over_mix),
    )


def _points(share: float) -> str:
    """A difference of shares in points, with its sign."""
    return f"{share * 100 + 0.0:+.1f}"
