"""What has to hold before a trial: who can be asked, where it runs, which rules it is bound to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from rolecall.config.load import environment
from rolecall.config.settings import Settings
from rolecall.errors import ConfigError, StartError
from rolecall.gateway.access import LOOPBACK
from rolecall.trials.running import containers, sandbox
from rolecall.trials.running.agents.table import agent
from rolecall.trials.running.containers import Engine
from rolecall.trials.running.run import Confinement
from rolecall.types.trials import Trial


class Where(Struct, frozen=True, kw_only=True):
    """Where runs are made. `listen` is the address at which other machines reach the gateway.

    A `whole` trial goes on when its verdict is settled.
    """

    jobs: int = 1
    scheduler: str | None = None
    listen: str | None = None
    unsafe: bool = False
    whole: bool = False


def check(trial: Trial, where: Where) -> None:
    """What has to be there. Raises `ConfigError` or `StartError` with the mend."""
    if len(set(trial.candidates)) < 2:
        raise ConfigError(
            "name the models to compare, the one that plays today first: --models up/today,up/other"
            "; or a trial to go on with: `rolecall trial list`"
        )
    lacking = agent(trial.agent).missing(environment())
    if lacking is not None:
        raise StartError(lacking)
    host = (where.scheduler or "").rpartition("/")[2].rpartition(":")[0]
    if host and host not in LOOPBACK and where.listen is None:
        raise ConfigError(
            f"workers of {host} may be on other machines: give --listen ADDRESS, the address at "
            "which they reach this one; the gateway asks for a token there ([server] token_env)"
        )


def confinement(where: Where) -> tuple[Confinement, Engine]:
    """How candidates' code is confined, the best that is here. Raises `StartError`."""
    if where.unsafe:
        return "none", ()
    lacking = sandbox.missing()
    if lacking is None:
        return "bubblewrap", ()
    engine = containers.found()
    if engine is not None:
        return "podman", engine
    raise StartError(
        f"there is no sandbox for the candidates' code: {lacking}, and podman runs no container "
        "here; --unsafe runs it as you, with all that you may do"
    )


def workspace_of(settings: Settings, repository: Path) -> str | None:
    """The workspace that the repository lies in, the nearest one, so that its rules hold.

    Raises `ConfigError` where rules of privacy speak of repositories and this one is bound to no
    workspace: they could not be seen to hold.
    """
    found = [
        (len(Path(given.path).parts), name)
        for name, given in settings.workspaces.items()
        if repository.is_relative_to(Path(given.path).expanduser().resolve())
    ]
    if found:
        return max(found)[1]
    rule = next((one for one in settings.privacy.rules if one.repositories), None)
    if rule is not None:
        raise ConfigError(
            f"the rule {rule.name!r} speaks of repositories, and {repository} is bound to no "
            "workspace, so nobody could tell whether it holds; "
            f"`rolecall workspace add {repository}` binds it"
        )
    return None


def token_of(settings: Settings, environ: Mapping[str, str]) -> str | None:
    """What the gateway asks for, if it asks for anything."""
    server = settings.server
    names = ([server.token_env] if server.token_env else []) + list(server.people.values())
    return next((environ[name] for name in names if environ.get(name)), None)
