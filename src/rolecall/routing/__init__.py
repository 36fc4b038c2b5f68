"""From a parsed request to a decision: signals, role, candidates, justification. All of it pure."""
