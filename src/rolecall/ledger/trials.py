"""Trials and their runs: each run is there once, whoever is killed in between."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec
import sqlalchemy as sa

from rolecall.errors import ConfigError, LedgerRefusal
from rolecall.ledger import schema
from rolecall.ledger.rows import outcome_row
from rolecall.ledger.store import OUTCOMES, Ledger
from rolecall.types import Outcome, Record
from rolecall.types.trials import Run, Trial

_encoder = msgspec.json.Encoder()
_trial = msgspec.json.Decoder(Trial)
_run = msgspec.json.Decoder(Run)


def keep_trial(ledger: Ledger, found: Trial) -> None:
    """A new one. Raises `LedgerRefusal` where its id is taken."""
    row = {
        "id": found.id,
        "at": found.at.isoformat(),
        "repository": found.repository,
        "body": _encoder.encode(found).decode(),
    }
    with ledger.changing() as connection:
        connection.execute(schema.trials.insert(), row)


def change_trial(ledger: Ledger, found: Trial) -> None:
    """Give a trial another budget."""
    row = {"body": _encoder.encode(found).decode()}
    with ledger.changing() as connection:
        here = schema.trials.update().where(schema.trials.c.id == found.id)
        connection.execute(here, row)


def trial(ledger: Ledger, id_: str) -> Trial:
    """The trial whose id is this or begins with it. Raises `ConfigError` where none or two do."""
    starts = schema.trials.c.id.startswith(id_, autoescape=True)
    with ledger.reading() as connection:
        query = sa.select(schema.trials.c.body).where(starts).order_by(schema.trials.c.id).limit(2)
        found = [_trial.decode(body) for body in connection.execute(query).scalars()]
    exact = [one for one in found if one.id == id_]
    if len(exact or found) == 1:
        return (exact or found)[0]
    says = "several trials begin with" if found else "there is no trial"
    raise ConfigError(f"{says} {id_!r}; `rolecall trial list` shows them")


def trials(ledger: Ledger) -> list[Trial]:
    """All trials, newest first."""
    query = sa.select(schema.trials.c.body).order_by(schema.trials.c.at.desc(), schema.trials.c.id)
    with ledger.reading() as connection:
        return [_trial.decode(body) for body in connection.execute(query).scalars()]


def keep_run(ledger: Ledger, found: Run) -> None:
    """Write what a run came to, with the outcome that estimates learn from, in one transaction.

    A lost one is replaced. Raises `LedgerRefusal` where the run is known already.
    """
    with ledger.changing() as connection:
        lost = sa.and_(_here(found), schema.runs.c.stop == "lost")
        if connection.execute(sa.select(schema.runs.c.at).where(_here(found))).first() is None:
            connection.execute(schema.runs.insert(), _row(found))
        elif connection.execute(schema.runs.update().where(lost), _row(found)).rowcount != 1:
            where = f"{found.task}, {found.arm.name}, repetition {found.repetition}"
            raise LedgerRefusal(f"the trial {found.trial} has its run of {where} already")
        outcome = outcome_of_run(found)
        if outcome is not None:
            connection.exec_driver_sql(OUTCOMES, outcome_row(outcome))


def outcome_of_run(found: Run) -> Outcome | None:
    """What the tests say of who did it; None where nobody could judge, or nobody was asked."""
    if found.solved is None or not found.decisions:
        return None
    return Outcome(
        decision=found.decisions[0],
        at=found.at,
        how="tests",
        accepted=found.solved,
        topic=found.kind,
        deployment=found.arm.candidate,
        says=f"trial {found.trial}: {found.says}",
        calls=found.calls,
        cost=found.cost,
    )


def runs(ledger: Ledger, trial_id: str) -> list[Run]:
    """What the runs of a trial came to, in the order of their end."""
    query = (
        sa.select(schema.runs.c.body)
        .where(schema.runs.c.trial == trial_id)
        .order_by(schema.runs.c.at)
    )
    with ledger.reading() as connection:
        return [_run.decode(body) for body in connection.execute(query).scalars()]


def calls_marked(ledger: Ledger, mark: str, after: str) -> list[Record]:
    """The calls whose `x-rolecall-why` begins with the mark, oldest first.

    `after` is the beginning of an id: only later ones are looked at, which saves reading the rest.
    """
    said = sa.func.json_extract(schema.decisions.c.facts, "$.request.why")
    here = sa.and_(schema.decisions.c.id >= after, said.startswith(mark, autoescape=True))
    return ledger.read(sa.select(schema.decisions).where(here).order_by(schema.decisions.c.id))


def spent(found: Iterable[Run]) -> Decimal:
    """USD that runs cost, lost tries included; a run of unknown price counts as nothing."""
    return sum(((run.cost or Decimal(0)) + run.wasted for run in found), Decimal(0))


def _here(found: Run) -> sa.ColumnElement[bool]:
    return sa.and_(
        schema.runs.c.trial == found.trial,
        schema.runs.c.task == found.task,
        schema.runs.c.candidate == found.arm.candidate,
        schema.runs.c.control == int(found.arm.control),
        schema.runs.c.repetition == found.repetition,
    )


def _row(found: Run) -> dict[str, str | int]:
    return {
        "trial": found.trial,
        "task": found.task,
        "candidate": found.arm.candidate,
        "control": int(found.arm.control),
        "repetition": found.repetition,
        "at": found.at.isoformat(),
        "stop": found.stop,
        "body": _encoder.encode(found).decode(),
    }
