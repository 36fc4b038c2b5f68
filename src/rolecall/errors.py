"""Every error that rolecall raises on purpose.

    RolecallError
    ├── ConfigError        a setting names something that is not there, or is missing
    ├── StartError         the machine is not ready: a port in use, an engine that does not start
    ├── LedgerError        the record cannot be written or read
    │   ├── LedgerBusy         another process is writing; it will pass
    │   └── LedgerRefusal      the ledger is well and does not take this one record
    ├── TrialError         a trial cannot be made here: no history, no tests, no way to run them
    │   └── GitError           git was asked and did not do it
    ├── RequestError       the client sent something that cannot be served as it stands
    │   ├── BodyError          not JSON, wrong types, too large, an encoding nobody announced
    │   ├── AccessError        a foreign host, a foreign page, a missing or wrong token
    │   └── RouteError         a path or workspace that does not exist
    ├── NoDeployment       a decision was taken and nothing may play
    └── UpstreamError      no provider of the cascade answered
        └── UpstreamFailure    one call that brought no answer, or half of one

Each message names the place and the mend. `gateway/answers.py` holds the one table that maps
these to HTTP statuses and to the error shape of each dialect.
"""

from __future__ import annotations

from typing import Literal


class RolecallError(Exception):
    """The base of every error that rolecall raises on purpose."""


class ConfigError(RolecallError):
    """A configuration that cannot be used. The message names file, key and mend."""


class StartError(RolecallError):
    """The machine is not ready for `rolecall up`."""


class LedgerError(RolecallError):
    """The ledger cannot be written or read."""


class LedgerBusy(LedgerError):
    """Another process holds the ledger at this moment."""


class LedgerRefusal(LedgerError):
    """The ledger is well, and a record does not fit it: to try again would change nothing."""


class TrialError(RolecallError):
    """A trial that cannot be made as asked. The message names what is missing, and the mend."""


class GitError(TrialError):
    """git was asked, and says that it cannot."""


class RequestError(RolecallError):
    """A request that cannot be served as it stands."""


class BodyError(RequestError):
    """A body that is not what its dialect asks for. `status` is the HTTP status that fits."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class AccessError(RequestError):
    """A caller who may not use this gateway. `status` is 401, 403 or 421."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class RouteError(RequestError):
    """A path, workspace or record that does not exist. `status` is 404 or 405."""

    def __init__(self, message: str, *, status: int = 404) -> None:
        super().__init__(message)
        self.status = status


class NoDeployment(RolecallError):
    """A decision was taken and no deployment may play. `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UpstreamError(RolecallError):
    """No provider of the cascade answered. `status` is 502 or 504."""

    def __init__(self, message: str, *, status: int = 502) -> None:
        super().__init__(message)
        self.status = status


class UpstreamFailure(UpstreamError):
    """One call that failed. `outcome` is the word that its `Attempt` records.

    `unanswered` says that the connection ended before a byte came back.
    """

    def __init__(
        self,
        message: str,
        *,
        outcome: Literal["refused", "timeout", "broken"],
        unanswered: bool = False,
    ) -> None:
        super().__init__(message, status=504 if outcome == "timeout" else 502)
        self.outcome: Literal["refused", "timeout", "broken"] = outcome
        self.unanswered = unanswered
