"""Engines on this machine: the one that comes with rolecall, and those that are found."""
