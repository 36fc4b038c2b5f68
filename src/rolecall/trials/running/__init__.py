"""Runs of candidates: sandbox, bridge, agents, order, budget, workers; each run once."""
