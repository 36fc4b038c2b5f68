"""Types into a client that has a screen: what it asks only of a person at a terminal.

Nothing sleeps: the next key is pressed when the screen shows, or the upstream has received, what
must come first.
"""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from e2e import drive

READY = "bypass permissions on"
TYPED = 0.3
"""Seconds without new output after which what was typed stands on the screen."""


@dataclass
class Screen:
    """A running client. `shown` is all that it has written so far, escape codes included."""

    process: subprocess.Popen[bytes]
    keyboard: int
    shown: bytes = b""

    def wait(self, wanted: Callable[[], bool], seconds: float = 60.0) -> None:
        """Read the screen until something holds; raise with its end when that takes too long."""
        end = time.monotonic() + seconds
        while not wanted():
            if time.monotonic() > end:
                raise TimeoutError(f"the screen ends with {self.shown[-500:]!r}")
            self.read(0.1)

    def shows(self, text: str) -> bool:
        """Tell whether the text was written, however the client moved the cursor between words."""
        return _plain(text.encode()) in _plain(self.shown)

    def read(self, seconds: float) -> bool:
        """Take in what comes within the time; tell whether anything came."""
        ready, _, _ = select.select([self.keyboard], [], [], seconds)
        if ready:
            self.shown += os.read(self.keyboard, 65_536)
        return bool(ready)

    def enter(self, line: str) -> None:
        """Type a line, let the client draw it, then press Enter apart from it, as a hand does."""
        os.write(self.keyboard, line.encode())
        while self.read(TYPED):
            pass
        os.write(self.keyboard, b"\r")


@contextmanager
def claude_code(place: drive.Place, url: str, model: str) -> Iterator[Screen]:
    """Run Claude Code on a screen, past the questions it asks a new user."""
    folder = place.home / ".claude"
    folder.mkdir()
    (folder / ".claude.json").write_text(json.dumps(_settled(place)))
    environment = drive.environment(place) | drive.claude_settings(place, url, model)
    environment["TERM"] = "xterm-256color"
    environment.pop("CI")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [place.program("node/node_modules/.bin/claude"), "--dangerously-skip-permissions"],
        cwd=place.repository,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        screen = Screen(process=process, keyboard=ours)
        screen.wait(lambda: screen.shows(READY))
        yield screen
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(ours)


def _plain(shown: bytes) -> bytes:
    """Leave out blanks and the codes that move the cursor in their place."""
    text, rest = b"", shown
    while rest:
        before, _, rest = rest.partition(b"\x1b[")
        text += before
        rest = rest.lstrip(b"?0123456789;")[1:]
    return text.replace(b" ", b"")


def _settled(place: drive.Place) -> dict[str, object]:
    """State of a user who has answered what Claude Code asks at its first start."""
    trusted = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    return {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "numStartups": 5,
        "bypassPermissionsModeAccepted": True,
        "customApiKeyResponses": {"approved": [drive.KEY[-20:]], "rejected": []},
        "projects": {str(place.repository): trusted},
    }
