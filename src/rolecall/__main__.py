"""`python -m rolecall` is the `rolecall` command."""

from __future__ import annotations

import gc


def main() -> None:
    """Start the command.

    What is made while the commands are imported stays: a collector that looks through it takes a
    fifth of the start. Nothing is imported before, as helper processes import this module too.
    """
    gc.disable()
    from rolecall.cli.app import main as run  # noqa: PLC0415 (as said above)

    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
