"""One file for each client's log: where it is, and how it is read."""
