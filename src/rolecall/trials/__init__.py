"""Trials on one's own repository: tasks from its history, runs of candidates, a verdict."""
