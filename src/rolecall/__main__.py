"""`python -m rolecall` is the `rolecall` command."""

from rolecall.cli.app import main

main()
