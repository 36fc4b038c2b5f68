"""A repository of parts that are mended one by one, and candidates who mend some of them.

Each commit mends one part and brings the test for that. `PYTHONPATH=tests python -m support.parts`
goes the whole way of docs/trials.md on twenty of them and prints what the commands say.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from e2e.agents import calls_made
from support.answers import Answer, Received, Script, Tokens, ToolCall
from support.gateway import run_rolecall
from support.repositories import Repository
from support.upstream import Upstream

CONFIG = """
[providers.up]
base_url = "{base_url}"
dialects = ["openai.chat"]
zone = "local"
auth = "none"

[roles]
code = ["up/weak"]
fast = ["up/alike", "up/good"]

[models."up/weak"]
input_price = "2"
output_price = "10"

[models."up/alike"]
input_price = "2"
output_price = "10"

[models."up/good"]
input_price = "3"
output_price = "15"
"""
_DONE = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"


class World(Struct, frozen=True):
    """A home with a configuration, and a repository."""

    home: Path
    repository: Path

    def rolecall(self, *words: str) -> str:
        done = run_rolecall(self.home, *words, seconds=600)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def told(self, *words: str) -> Any:
        return msgspec.json.decode(self.rolecall(*words, "--json"))


@contextmanager
def world(home: Path, parts: int, skill: Mapping[str, Collection[int]]) -> Iterator[World]:
    """A repository with so many parts, and candidates that mend those of their `skill`."""
    with Upstream(candidates(skill), models=tuple(skill)) as upstream:
        (home / "rolecall.toml").write_text(CONFIG.format(base_url=upstream.base_url))
        yield World(home, history(home / "parts", parts))


def candidates(skill: Mapping[str, Collection[int]]) -> Script:
    """Each mends the part that the request names, where it can, and says that it is done."""

    def script(received: Received) -> Answer:
        part = int(re.findall(r"part (\d+)", received.body.decode())[-1])
        able = part in skill[(received.model or "").rpartition("/")[2]]
        mending = f"sed -i 's/return {part} # wrong/return {part} + number/' parts.py"
        steps = (mending if able else "cat parts.py", _DONE)
        arguments = {"command": steps[min(calls_made(received), 1)]}
        call = ToolCall(name="bash", arguments=arguments)
        return Answer(tool_calls=(call,), tokens=Tokens(input=2000, output=100))

    return script


def history(folder: Path, parts: int) -> Path:
    """Parts that are all wrong at first."""
    found = Repository(folder)
    found.commit("Begin", {"parts.py": _source(parts, 0), "tests/__init__.py": ""})
    for number in range(parts):
        test = (
            f"import unittest\n\nfrom parts import part_{number}\n\n\n"
            f"class Part{number}(unittest.TestCase):\n    def test_adds(self):\n"
            f"        self.assertEqual(part_{number}(5), {number + 5})\n"
        )
        files = {"parts.py": _source(parts, number + 1), f"tests/test_part_{number}.py": test}
        found.commit(f"Fix part {number}: it does not add its number", files)
    return folder


def _source(parts: int, mended: int) -> str:
    bodies = [
        f"def part_{number}(number):\n"
        f"    return {number} {'+ number' if number < mended else '# wrong'}\n"
        for number in range(parts)
    ]
    return "\n\n".join(bodies)


def main() -> None:
    """Print the five commands of docs/trials.md and what they say."""
    skill = {"weak": range(0, 20, 3), "alike": range(1, 20, 3), "good": range(1, 20)}
    with tempfile.TemporaryDirectory() as folder, world(Path(folder), 20, skill) as there:
        for words in (
            "trial mine parts --runner unittest",
            "trial plan parts --models up/weak,up/good",
            "trial run --repository parts --models up/weak,up/good --jobs 2",
            "trial report",
            "trial apply --yes",
            "trial run --repository parts --models up/weak,up/alike --jobs 2",
            "trial report",
            "stack changes",
        ):
            said = there.rolecall(*words.split()).replace(folder, "~")
            sys.stdout.write(f"$ rolecall {words}\n{said}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
