"""The clients that `connect` knows beside the five: connected, at work, disconnected."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from e2e import drive
from e2e.stories import CLIENTS, MORE_PROGRAMS, require
from support.answers import Answer, Received, Script, ToolCall
from support.gateway import run_rolecall, start_gateway
from support.upstream import Upstream

pytestmark = pytest.mark.e2e

STACK = """
[providers.scripted]
base_url = "{url}/{root}"
dialects = ["{dialect}"]
auth = "none"

[roles]
plan = ["scripted/plan-model"]
code = ["scripted/code-model"]
fast = ["scripted/fast-model"]
"""
TASK = "Write the word evening into a file ran.txt."
WORDS = {
    "gemini-cli": ("-p", TASK, "--yolo"),
    "continue": ("-p", "--auto", TASK),
    "pi": ("-p", TASK),
    "mini-swe-agent": ("-t", TASK, "-y", "--exit-immediately"),
    "llm": (TASK,),
}
CALM = {"GEMINI_CLI_TRUST_WORKSPACE": "true", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
RESULTS = (b'"functionResponse"', b'"tool_result"', b'"function_call_output"', b'"role":"tool"')
WRITES = {"write_file": "file_path", "write": "path", "Write": "filepath"}
"""The tool that writes a file, and what it calls the file's place."""
SUBMIT = "echo evening > ran.txt; echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"


def working(repository: Path) -> Script:
    """Call the client's own tool once, and end with a word."""

    def script(received: Received) -> Answer:
        offered = names_of(received)
        writes = next((name for name in WRITES if name in offered), None)
        if any(mark in received.body for mark in RESULTS) or not offered:
            return Answer(text="Done.")
        if writes is None:
            return Answer(tool_calls=(ToolCall(name="bash", arguments={"command": SUBMIT}),))
        place = str(repository / "ran.txt")
        given = {WRITES[writes]: place, "content": "evening\n"}
        return Answer(text="I write.", tool_calls=(ToolCall(name=writes, arguments=given),))

    return script


def names_of(received: Received) -> set[str]:
    tools: list[Any] = received.json.get("tools") or []
    found = [one for tool in tools for one in tool.get("functionDeclarations", [tool])]
    return {one.get("name") or one["function"]["name"] for one in found}


CASES = [
    *((client, "openai.chat") for client in MORE_PROGRAMS),
    *(("gemini-cli", d) for d in ("openai.responses", "anthropic.messages", "google.gemini")),
]


@pytest.mark.parametrize(("client", "dialect"), CASES)
def test_connect_work_disconnect(client: str, dialect: str, tmp_path: Path) -> None:
    """Nothing but `connect` tells the client where to ask, and no trace of it is left."""
    require(client)
    place = drive.prepare(CLIENTS, tmp_path / "run")
    with Upstream(working(place.repository)) as upstream:
        root = "v1beta" if dialect == "google.gemini" else "v1"
        config = STACK.format(url=upstream.url, root=root, dialect=dialect)
        with start_gateway(config, tmp_path) as gateway:
            port = gateway.url.rpartition(":")[2]
            (place.home / "rolecall.toml").write_text(f"{config}\n[server]\nport = {port}\n")
            environ = {**drive.environment(place), **CALM}
            before = files(place.home)
            assert rolecall(place, environ, "connect", client, "--yes") == 0
            written = {name for name, text in files(place.home).items() if before.get(name) != text}
            program = place.program(MORE_PROGRAMS[client])
            path = os.pathsep.join([str(Path(program).parent), environ["PATH"]])
            ran = drive.run(place, [program, *WORDS[client]], {**environ, "PATH": path})
            assert ran.code == 0, ran.stdout + ran.stderr
            asked = {one["asked_model"] for one in gateway.decisions()}
            assert asked == {"rolecall/auto"}
            assert rolecall(place, environ, "disconnect", client) == 0
    assert not written & files(place.home).keys()
    if client == "llm":
        assert "Done." in ran.stdout
    else:
        assert (place.repository / "ran.txt").read_text() == "evening\n"


def rolecall(place: drive.Place, environ: dict[str, str], *arguments: str) -> int:
    return run_rolecall(place.home, *arguments, env=environ).returncode


def files(home: Path) -> dict[str, bytes]:
    """What is below a home, but for rolecall's own."""
    found = (path for path in home.rglob("*") if path.is_file())
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in found
        if "rolecall" not in str(path.relative_to(home))
    }
