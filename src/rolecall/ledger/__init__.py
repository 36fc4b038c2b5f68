"""The ledger: decisions, attempts and outcomes. Never a body, a prompt or a key."""
