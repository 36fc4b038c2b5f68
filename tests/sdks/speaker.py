"""A person's program that uses the official SDKs: one JSON job per line in, one answer out.

It runs in the environment of `tests/e2e/clients/sdks.txt`, where rolecall is not installed. A job
names a dialect, the address to ask, whether to stream, and which turn of the story to play.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from schemas import faults_of
from speaking import Anthropic, Chat, Gemini, Responses, Speaker

SPEAKERS: dict[str, type[Speaker]] = {
    "openai.chat": Chat,
    "openai.responses": Responses,
    "anthropic.messages": Anthropic,
    "google.gemini": Gemini,
}


def main() -> None:
    speakers: dict[str, Speaker] = {}
    for line in sys.stdin:
        job = json.loads(line)
        print(json.dumps(_done(job, speakers)), flush=True)


def _done(job: dict[str, Any], speakers: dict[str, Speaker]) -> Any:
    if "body" in job:
        return faults_of(job["dialect"], job["body"])
    key = f"{job['dialect']} {job['url']} {job['stream']}"
    if key not in speakers:
        speakers[key] = SPEAKERS[job["dialect"]](job["url"], stream=job["stream"])
    try:
        return getattr(speakers[key], job["turn"])()
    except Exception as error:  # noqa: BLE001 (told to the test, which says what it expects)
        return {"error": type(error).__name__, "says": str(error)}


if __name__ == "__main__":
    main()
