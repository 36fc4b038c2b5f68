"""Who can do the tasks of a trial, by the name that `--agent` takes."""

from __future__ import annotations

from rolecall.config.load import nearest
from rolecall.errors import ConfigError
from rolecall.trials.running.agents.agent import Agent
from rolecall.trials.running.agents.clients import client_agents
from rolecall.trials.running.agents.mini import MINI

DEFAULT = MINI.name


def agents() -> dict[str, Agent]:
    return {MINI.name: MINI, **client_agents()}


def agent(name: str) -> Agent:
    found = agents().get(name)
    if found is None:
        raise ConfigError(f"there is no agent {name!r}; {nearest(name, agents())}")
    return found
