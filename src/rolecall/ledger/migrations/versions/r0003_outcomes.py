"""What became of the work, the commits that hold it, and cache writes kept for an hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempts", sa.Column("cache_write_1h_input_tokens", sa.Integer))
    op.create_table(
        "outcomes",
        sa.Column("decision", sa.String, primary_key=True),
        sa.Column("how", sa.String, primary_key=True),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("accepted", sa.Integer, nullable=False),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("deployment", sa.String, nullable=False),
        sa.Column("says", sa.Text, nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("cost", sa.String),
        sa.Column("extra", sa.String),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "commits",
        sa.Column("sha", sa.String, primary_key=True),
        sa.Column("repository", sa.String, nullable=False),
        sa.Column("decision", sa.String, nullable=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("settled", sa.String),
    )


def downgrade() -> None:
    op.drop_table("commits")
    op.drop_table("outcomes")
    op.drop_column("attempts", "cache_write_1h_input_tokens")
