"""Trials, and what each of their runs came to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trials",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("repository", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("trial", sa.String, sa.ForeignKey("trials.id"), primary_key=True),
        sa.Column("task", sa.String, primary_key=True),
        sa.Column("candidate", sa.String, primary_key=True),
        sa.Column("control", sa.Integer, primary_key=True),
        sa.Column("repetition", sa.Integer, primary_key=True),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("stop", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("runs")
    op.drop_table("trials")
