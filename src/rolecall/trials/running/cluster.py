"""Workers: Dask's, on this machine or wherever a scheduler has them. One path for both.

A worker that dies loses the run it was at, and nobody repeats that behind our back: how often a run
is made is decided in `conduct.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from rolecall.errors import StartError
from rolecall.trials.running.run import Result, Work, one

if TYPE_CHECKING:
    from distributed import Client, Future

_PATIENCE = 30
"""Seconds that a scheduler is waited for."""
_EXTRA = "trials need the package `distributed`: `pip install 'rolecall[trials]'`"
_CLUSTER = "--scheduler needs the package `distributed`: `pip install 'rolecall[cluster]'`"


class Pool(Struct, frozen=True):
    """Workers, and how many runs they make at once."""

    client: Any
    jobs: int

    def submit(self, work: Work, key: str) -> Future[Result]:
        """Make a run somewhere. The same key again is the same run."""
        found: Future[Result] = self.client.submit(one, work, key=key, pure=False, retries=0)
        return found


@contextmanager
def pool(scheduler: str | None, jobs: int) -> Iterator[Pool]:
    """Workers of this machine, or those of a scheduler. Raises `StartError`."""
    try:
        import dask  # noqa: PLC0415 (an extra)
        import distributed  # noqa: PLC0415, F401
    except ImportError as error:
        raise StartError(_CLUSTER if scheduler else _EXTRA) from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        if scheduler is None:
            with _here(jobs) as client:
                yield Pool(client, jobs)
            return
        with _there(scheduler) as client:
            yield Pool(client, max(1, sum(client.nthreads().values())))


@contextmanager
def _here(jobs: int) -> Iterator[Client]:
    """One process for each run at a time, so that one which is killed takes no other along.

    They speak TLS with a key made for this trial: whoever else is on this machine and could reach
    the scheduler's port would otherwise have it run what they like.
    """
    from distributed import Client, LocalCluster  # noqa: PLC0415

    with (
        LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            processes=True,
            memory_limit=None,
            dashboard_address="127.0.0.1:0",
            security=True,
            host="127.0.0.1",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextmanager
def _there(scheduler: str) -> Iterator[Client]:
    from distributed import Client  # noqa: PLC0415

    try:
        client = Client(scheduler, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        says = f"no Dask scheduler answers at {scheduler!r}: {error}"
        raise StartError(
            f"{says}; start one with `dask scheduler`, workers with `dask worker`"
        ) from error
    with client:
        if not client.nthreads():
            raise StartError(
                f"the scheduler {scheduler} has no workers; start `dask worker {scheduler}`"
            )
        yield client
