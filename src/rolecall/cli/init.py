"""`rolecall init`: a stack from what is there, written to a file one can read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import typer

from rolecall.cli.doctor import PROGRAMS
from rolecall.cli.options import Config
from rolecall.cli.setup import catalogue, engines_found, settings_offline
from rolecall.config.choose import (
    SESSION_CACHED,
    SESSION_READ,
    SESSION_WRITTEN,
    Budget,
    Choice,
    Privacy,
    Proposal,
    Wishes,
    choose,
    fitting_local,
)
from rolecall.config.edits import Edit, diff, make
from rolecall.config.known import Known
from rolecall.config.load import FILE_NAME, data_folder, environment
from rolecall.config.propose import Engine, hosted
from rolecall.errors import ConfigError
from rolecall.spoken.figures import dollars, plain
from rolecall.types import MAIN_DIALECTS, ROLES, Dialect, Role

_SPEAK: dict[str, Dialect] = {
    "claude-code": "anthropic.messages",
    "codex": "openai.responses",
    "opencode": "openai.chat",
    "mistral-vibe": "openai.chat",
    "aider": "openai.chat",
}
"""As rolecall connects them."""
_MEANS: dict[Role, str] = {
    "plan": "architecture, deep debugging, plan mode",
    "review": "what could go wrong here; another family than the executor where possible",
    "code": "implementation, everyday turns",
    "fast": "titles, summaries, sub-agents, small edits",
    "local": "what must not leave this machine",
}


_RULES: dict[Privacy, tuple[str, ...]] = {
    "anywhere": (),
    "secrets": (
        "",
        "# What holds a secret stays on this machine, and its session with it.",
        "[[privacy.rules]]",
        'name = "secrets"',
        "secrets = true",
        'zones = ["local"]',
    ),
    "home": (
        "",
        "# Nothing leaves this machine: only local engines are named above.",
        "[[privacy.rules]]",
        'name = "home"',
        'zones = ["local"]',
    ),
}


def init(
    yes: Annotated[bool, typer.Option("--yes", help="Take the defaults and ask nothing.")] = False,
    budget: Annotated[str | None, typer.Option(help="low, normal or high.")] = None,
    privacy: Annotated[
        str | None,
        typer.Option(help="anywhere; secrets: what holds one stays; home: nothing leaves."),
    ] = None,
    vendor: Annotated[str | None, typer.Option(help="A vendor to prefer, if any.")] = None,
    out: Annotated[Path, typer.Option("--out", help="The file to write.")] = Path(FILE_NAME),
    config: Config = None,
) -> None:
    """Propose a stack from keys, engines and clients, and write it with a reason for each line."""
    known, environ = catalogue(), environment()
    presets = hosted(known.presets, environ)
    engines = [Engine(name=e.name, models=e.models) for e in engines_found(known) if e.models]
    names = [preset.name for preset in presets]
    typer.echo("\n".join(_seen(names, engines)))
    usual: Privacy = "secrets" if engines else "anywhere"
    wishes = _wishes(budget, privacy, vendor, names, ask=not yes, usual=usual)
    wishes = msgspec.structs.replace(wishes, dialects=_spoken())
    patience = settings_offline(config).catalogue.patience
    found = choose(presets, engines, wishes, known, patience, datetime.now(UTC))
    if not found.roles:
        raise ConfigError(_nothing(found))
    text = "\n".join([*_file(found, wishes, known, datetime.now(UTC)), ""])
    _write(out, text, yes=yes)


def _wishes(
    budget: str | None,
    privacy: str | None,
    vendor: str | None,
    names: Sequence[str],
    *,
    ask: bool,
    usual: Privacy,
) -> Wishes:
    """Three questions at most; what an option says is not asked."""
    if ask and budget is None:
        budget = typer.prompt("Budget: low, normal or high", default="normal")
    if ask and privacy is None:
        says = (
            "What may go to providers: all source code (anywhere), all but what holds a secret "
            "(secrets), nothing (home)"
        )
        privacy = typer.prompt(says, default=usual)
    if ask and vendor is None and len(names) > 1:
        vendor = typer.prompt(f"A favourite of {', '.join(names)}, or none", default="none")
    return Wishes(
        budget=_one_of(budget or "normal", Budget, "--budget"),
        privacy=_one_of(privacy or usual, Privacy, "--privacy"),
        vendor=None if vendor in {None, "none"} else vendor,
    )


def _spoken() -> tuple[Dialect, ...]:
    """What the installed clients speak; every dialect where none is found."""
    found = {dialect for client, dialect in _SPEAK.items() if shutil.which(PROGRAMS[client])}
    return tuple(dialect for dialect in MAIN_DIALECTS if dialect in found) or MAIN_DIALECTS


def _one_of(given: str, valid: Any, option: str) -> Any:
    """The word, if it is one of a `Literal`'s."""
    try:
        return msgspec.convert(given, valid)
    except msgspec.ValidationError as error:
        names = ", ".join(get_args(valid))
        raise ConfigError(f"{option} {given!r} is none of {names}") from error


def _seen(names: Sequence[str], engines: Sequence[Engine]) -> list[str]:
    clients = [client for client, program in PROGRAMS.items() if shutil.which(program)]
    local = [f"{engine.name} ({len(engine.models)} models)" for engine in engines]
    found = {"keys": names, "engines": local, "clients": clients}
    return [f"{what:<9}{', '.join(here) or 'none'}" for what, here in found.items()]


def _nothing(found: Proposal) -> str:
    if found.stale:
        says = "all facts that fit are too old to propose anything from"
        return f"{says}; `rolecall catalogue refresh` asks the providers"
    return f"there is nothing to build a stack from: {'; '.join(found.missing)}"


def _file(found: Proposal, wishes: Wishes, known: Known, at: datetime) -> Iterator[str]:
    yield f"# Written by `rolecall init` on {at:%Y-%m-%d}; yours to change."
    favourite = wishes.vendor or "none"
    yield f"# budget {wishes.budget}, source code {wishes.privacy}, favourite {favourite}"
    yield "#"
    yield f"# A typical session here means {SESSION_READ:,} tokens read, {SESSION_CACHED:,} of them"
    yield f"# from the cache, and {SESSION_WRITTEN:,} written: an assumption, to compare with."
    for line in _todo(found, known):
        yield f"# {line}".rstrip()
    yield ""
    yield "[roles]"
    for role in ROLES:
        yield from _cascade(role, found.roles.get(role, ()))
    yield from _RULES[wishes.privacy]
    if wishes.privacy == "secrets" and "local" not in found.roles:
        yield 'otherwise = "redact"  # no engine is here: placeholders go out in place of secrets'


def _cascade(role: Role, cascade: Sequence[Choice]) -> Iterator[str]:
    yield f"# {role}: {_MEANS[role]}"
    if not cascade:
        waits = "nobody yet" if role == "local" else "nobody: another role's cascade plays it"
        yield f"# {role} = []  # {waits}"
        return
    yield f"{role} = ["
    for choice in cascade:
        yield f'  "{choice.deployment}",  # {plain(choice.why)}{_cost(choice.session)}'
    yield "]"


def _cost(session: Decimal | None) -> str:
    return f"; {dollars(session)} a session" if session else ""


def _todo(found: Proposal, known: Known) -> Iterator[str]:
    """What is missing, and what would mend it."""
    if found.missing or found.stale:
        yield ""
        yield "Missing:"
    yield from (f"  {line}" for line in found.missing)
    if "local" not in found.roles:
        yield from (f"  {line}" for line in _how_to_local(known))
    yield from (f"  left out as stale: {line}" for line in found.stale)
    if found.stale:
        yield "  `rolecall catalogue refresh` asks the providers; then run `rolecall init` again"


def _how_to_local(known: Known) -> Iterator[str]:
    """Weights that fit this machine's memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    fitting = next(iter(fitting_local(known, memory)), None)
    if fitting is None or fitting.weights is None:
        yield f"  this machine has {memory:.0f} GB: too little for the catalogue's open models"
        return
    tag = next(s.id for s in fitting.surfaces if s.on == "ollama")
    size = f"{fitting.weights.memory_gb:g} of this machine's {memory:.0f} GB"
    yield f"  install Ollama, then: ollama pull {tag}  ({size})"


def _write(out: Path, text: str, *, yes: bool) -> None:
    """A file that is there is never replaced without its difference being shown."""
    before = out.read_text(encoding="utf-8") if out.is_file() else None
    edit = Edit(path=out, before=before, after=text)
    if before == text:
        typer.echo(f"\n{out} says so already")
        return
    typer.echo("\n" + ("\n".join(diff(edit)) if before is not None else text))
    if before is not None and not (yes or typer.confirm(f"Replace {out}?")):
        typer.echo("Nothing was changed.")
        return
    make([edit], data_folder(), datetime.now(UTC))
    typer.echo(f"Wrote {out}. `rolecall migrate --undo` takes it back; `rolecall up` starts it.")
