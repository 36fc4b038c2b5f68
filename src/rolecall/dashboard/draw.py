"""The process that draws: a line of JSON in, a line of JSON out. Ends when nobody asks for long."""

from __future__ import annotations

import select
import sys

import msgspec

from rolecall.dashboard.charts import drawn
from rolecall.dashboard.drawings import Drawing

_IDLE = 180.0
"""Seconds without a question after which it ends."""


def main() -> None:
    decoder = msgspec.json.Decoder(Drawing)
    asked, told = sys.stdin.buffer, sys.stdout.buffer
    while select.select([asked], [], [], _IDLE)[0]:
        line = asked.readline()
        if not line:
            return
        told.write(msgspec.json.encode(drawn(decoder.decode(line))) + b"\n")
        told.flush()


if __name__ == "__main__":
    main()
