"""The default agent: mini-swe-agent as a library, whole inside the sandbox."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import msgspec

from rolecall.trials.running.agents.agent import Agent, Job, Start, python

NAME = "mini-swe-agent"
_SCRIPT = Path(__file__).with_name("mini_inside.py")
_SECONDS = 300.0
"""For each of its commands; one that takes longer is ended, and the agent is told."""
_NEEDED = ("minisweagent", "jinja2", "pydantic", "dotenv")


def start(job: Job) -> Start:
    """Its own prompts and its own loop; the model is the bridge, a shell is the sandbox's."""
    told = job.outbox / "job.json"
    words = {"request": job.request, "socket": str(job.socket), "seconds": _SECONDS}
    told.write_bytes(msgspec.json.encode({**words, "environ": dict(job.environ)}))
    program, readable = python()
    return Start(
        command=(program, "-I", str(_SCRIPT), str(told)),
        environ={
            **{name: job.environ[name] for name in ("PATH", "HOME") if name in job.environ},
            "MSWEA_SILENT_STARTUP": "1",
            "MSWEA_GLOBAL_CONFIG_DIR": "/tmp/mini-swe-agent",  # noqa: S108 (the sandbox's own)
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        readable=(*readable, _SCRIPT.parent),
    )


def missing(environ: Mapping[str, str]) -> str | None:  # noqa: ARG001 (others look at it)
    """It is installed without what it names: LiteLLM alone is 200 MB, and is never loaded here."""
    lacking = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if not lacking:
        return None
    return (
        f"the agent {NAME} needs {', '.join(lacking)}: `pip install 'rolecall[trials]'` and "
        f"`pip install --no-deps {NAME}`, or choose a client with --agent"
    )


MINI = Agent(name=NAME, start=start, missing=missing)
