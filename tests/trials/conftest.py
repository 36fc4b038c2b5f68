"""What trials need of the machine."""

from __future__ import annotations

import os

import pytest

from rolecall.trials.running.sandbox import missing


@pytest.fixture(scope="module")
def sandbox() -> None:
    """Skips where no sandbox can be made, with the reason; fails where there has to be one."""
    lacking = missing()
    if lacking is not None and os.environ.get("ROLECALL_E2E") != "required":
        pytest.skip(lacking)
    assert lacking is None
