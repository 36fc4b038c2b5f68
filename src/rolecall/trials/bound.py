"""What of the user's configuration holds for a repository under trial."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rolecall.config.settings import Settings
from rolecall.errors import ConfigError


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
