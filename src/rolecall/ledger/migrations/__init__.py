"""Alembic migrations of the ledger. Append-only: a released one is never changed."""
