"""Each of the five clients works on each dialect, and changes its model at a boundary.

Planning and code are played by two providers of that dialect. The client's second run in the same
repository asks for the other role: its session, or a new one, goes on at the other provider.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from e2e import agents, drive
from e2e.stories import CLIENTS, require
from e2e.test_private import RUN, Client
from rolecall.types import Dialect
from rolecall.wire.dialects import WIRES
from support.gateway import Gateway, start_gateway
from support.upstream import Upstream

pytestmark = pytest.mark.e2e

STACK = """
[providers.first]
base_url = "{first}"
dialects = ["{dialect}"]
auth = "none"

[providers.second]
base_url = "{second}"
dialects = ["{dialect}"]
auth = "none"

[roles]
code = ["first/code-model"]
fast = ["first/fast-model"]
plan = ["second/plan-model"]
review = ["second/plan-model"]

[[routing.rules]]
name = "the second turn plans"
when = {{ text = "{word}" }}
role = "plan"

[routing]
text_confidence = 1
"""
