"""Who does the work of a run: one file for each kind of agent."""
