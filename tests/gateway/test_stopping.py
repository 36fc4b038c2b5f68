"""A gateway that is told to stop does, at whatever moment."""

from __future__ import annotations

import time
from pathlib import Path

from support.gateway import STACK, start_gateway


def test_ctrl_c_right_after_the_start_is_not_lost(tmp_path: Path) -> None:
    """The moment between the line that says it is ready and the loop that serves."""
    for number in range(6):
        home = tmp_path / str(number)
        home.mkdir()
        with start_gateway(STACK.format(base_url="http://127.0.0.1:9/v1"), home) as gateway:
            time.sleep(number / 500)
        assert gateway.process.returncode is not None
