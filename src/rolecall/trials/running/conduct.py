"""Conduct a trial: start what the budget admits, keep what comes back, each run once.

Only this process writes, and it writes a run when the run is over. Killed at any moment, it leaves
runs that are there whole, and runs that are not there; these are made when it is started again.
What they had cost stands in the ledger under their mark, and counts towards the budget.
"""

from __future__ import annotations

import secrets
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rolecall.errors import StartError
from rolecall.ledger import trials as kept
from rolecall.ledger.store import Ledger
from rolecall.measure.pairs import Key
from rolecall.trials.running.accounts import Account, account, first_id, spent_before
from rolecall.trials.running.bridge import Pin
from rolecall.trials.running.cluster import Pool
from rolecall.trials.running.containers import Engine
from rolecall.trials.running.gateway import OwnGateway
from rolecall.trials.running.papers import write
from rolecall.trials.running.run import Confinement, Result, Work, mark_of
from rolecall.trials.running.schedule import Purse, expected, pending, reserve, settle
from rolecall.types.trials import Run, Task, Trial

_TRIES = 2
"""How often a run is made that is lost with its worker or its gateway, before it stays lost."""


class Told(Struct, frozen=True, kw_only=True):
    """How far a trial is."""

    done: int
    total: int
    under_way: int
    spent: Decimal
    newest: Run | None = None


class Conduct(Struct, frozen=True, kw_only=True):
    """All that a trial needs to be conducted. `folder` is that of its repository's trials.

    `planned` are expected costs of a run by candidate, until some were made; `settled` says that
    more runs would change nothing.
    """

    trial: Trial
    tasks: Mapping[str, Task]
    ledger: Ledger
    gateway: OwnGateway
    pool: Pool
    folder: Path
    workspace: str | None = None
    token: str | None = None
    confinement: Confinement = "bubblewrap"
    engine: Engine = ()
    planned: Mapping[str, Decimal] = {}
    settled: Callable[[Sequence[Run]], bool] = lambda _: False
    tell: Callable[[Told], None] = lambda _: None
    remote: bool = False


class Ending(Struct, frozen=True, kw_only=True):
    """Why no more runs are made: all are there, it is settled, or the budget would not do."""

    why: str
    left: int
    told: Told


class _State:
    """What changes while a trial is conducted."""

    def __init__(self, plan: Conduct) -> None:
        self.runs = kept.runs(plan.ledger, plan.trial.id)
        self.waiting = deque(pending(plan.trial, self.runs))
        self.total = len(self.waiting) + sum(run.stop != "lost" for run in self.runs)
        self.tries: Counter[Key] = Counter()
        self.under_way: dict[Any, tuple[Key, Work]] = {}
        self.before = spent_before(plan.ledger, plan.trial.id, first_id(plan.trial.at))
        """USD by run, of what was asked before this process began."""
        self.counted: dict[Key, Decimal] = {}
        """USD by run, of what was asked since."""
        self.since: dict[Key, str] = {}
        spent = sum(self.before.values(), Decimal(0))
        self.purse = Purse(budget=plan.trial.budget, spent=spent)

    def told(self, newest: Run | None = None) -> Told:
        lost = sum(run.stop == "lost" for run in self.runs)
        return Told(
            done=len(self.runs) - lost,
            total=self.total,
            under_way=len(self.under_way),
            spent=self.purse.spent,
            newest=newest,
        )


def conduct(plan: Conduct) -> Ending:
    """Make the runs that are still to be made."""
    state = _State(plan)
    plan.tell(state.told())
    try:
        why = _through(plan, state)
    except KeyboardInterrupt:
        why = "it was stopped"
    finally:
        plan.pool.client.cancel(list(state.under_way), force=True)
    left = len(state.waiting) + len(state.under_way)
    state.under_way.clear()
    return Ending(why=why, left=left, told=state.told())


def _through(plan: Conduct, state: _State) -> str:
    from distributed import as_completed  # noqa: PLC0415 (an extra)

    coming = as_completed()
    why = _fill(plan, state, coming)
    while state.under_way:
        future = next(coming)
        key, work = state.under_way.pop(future)
        run = _keep(plan, state, key, work, _result(future, work))
        future.release()
        plan.tell(state.told(run))
        why = _fill(plan, state, coming)
    return why


def finished(trial: Trial, ledger: Ledger) -> Ending:
    """What is said of a trial whose runs are all there."""
    runs = kept.runs(ledger, trial.id)
    told = Told(done=len(runs), total=len(runs), under_way=0, spent=kept.spent(runs))
    return Ending(why="all runs are made", left=0, told=told)


def _fill(plan: Conduct, state: _State, coming: Any) -> str:
    """Start what may start; say why nothing more does, once nothing is under way."""
    while state.waiting and len(state.under_way) < plan.pool.jobs:
        if plan.settled(state.runs):
            return "it is settled"
        key = state.waiting[0]
        candidate = key[1].candidate
        if not state.purse.admits(expected(candidate, state.runs, plan.trial, plan.planned)):
            return "the budget does not do for another run"
        plan.gateway.wait()
        state.waiting.popleft()
        _start(plan, state, key, coming)
    return "all runs are made"


def _start(plan: Conduct, state: _State, key: Key, coming: Any) -> None:
    task, arm, repetition = key
    limits = plan.trial.limits
    ration = state.purse.ration(limits.spend, plan.pool.jobs - len(state.under_way))
    state.purse = reserve(state.purse, key, ration)
    state.tries[key] += 1
    mark = mark_of(plan.trial.id, task, arm, repetition)
    work = Work(
        trial=plan.trial.id,
        task=plan.tasks[task],
        arm=arm,
        repetition=repetition,
        agent=plan.trial.agent,
        limits=replace(limits, spend=ration),
        pin=Pin(
            gateway=plan.gateway.url,
            deployment=arm.candidate,
            mark=mark,
            workspace=plan.workspace,
            token=plan.token,
            local=not plan.remote,
        ),
        confinement=plan.confinement,
        engine=plan.engine,
        rationed=ration != limits.spend,
    )
    state.since.setdefault(key, first_id(datetime.now(UTC)))
    future = plan.pool.submit(work, f"{mark} {secrets.token_hex(4)}")
    state.under_way[future] = (key, work)
    coming.add(future)


def _result(future: Any, work: Work) -> Result:
    """What a worker found. One that died, or that cannot do what is asked, loses its run."""
    problem = future.exception()
    if problem is None:
        found: Result = future.result()
        return found
    says = f"its worker was lost: {type(problem).__name__}: {problem}"[:300]
    now = datetime.now(UTC)
    return Result(mark=work.pin.mark, began=now, stop="lost", solved=None, says=says)


def _keep(plan: Conduct, state: _State, key: Key, work: Work, result: Result) -> Run | None:
    """Write a run that is over; one that was lost is put back once, to be made next."""
    run_mark = work.pin.mark
    found = account(
        plan.ledger,
        run_mark,
        result.mark,
        after=state.since[key],
        candidate=work.arm.candidate,
    )
    new = found.total - state.counted.get(key, Decimal(0))
    state.counted[key] = found.total
    state.purse = settle(state.purse, key, new)
    if result.stop == "lost" and state.tries[key] < _TRIES:
        state.waiting.appendleft(key)
        return None
    folder = write(plan.folder, work, result, private=found.private)
    wasted = found.others + state.before.get(run_mark, Decimal(0))
    run = _run(work, result, found, wasted, folder)
    kept.keep_run(plan.ledger, run)
    state.runs = [*(one for one in state.runs if one.key != run.key), run]
    if run.cost is None and plan.trial.budget is not None:
        name = run.arm.candidate
        says = f"the price of {name} is unknown, so no budget can be kept"
        raise StartError(f'{says}; give it in [models."{name}"], or go on without --budget')
    return run


def _run(work: Work, result: Result, found: Account, wasted: Decimal, folder: Path) -> Run:
    solved, says = result.solved, result.says
    if found.strangers:
        who = ", ".join(found.strangers)
        solved, says = None, f"{who} answered in its place, so it says nothing; {says}"
    return Run(
        trial=work.trial,
        task=work.task.id,
        kind=work.task.kind,
        arm=work.arm,
        repetition=work.repetition,
        at=datetime.now(UTC),
        stop=result.stop,
        solved=solved,
        says=says,
        calls=found.calls,
        input_tokens=found.input_tokens,
        output_tokens=found.output_tokens,
        cost=found.cost,
        seconds=result.seconds,
        judged=result.judged,
        folder=str(folder),
        decisions=found.decisions,
        wasted=wasted,
    )
