"""Snapshots, decisions, attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "snapshots",
        sa.Column("version", sa.String, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("snapshot", sa.String, sa.ForeignKey("snapshots.version"), nullable=False),
        sa.Column("workspace", sa.String),
        sa.Column("client", sa.String),
        sa.Column("session", sa.String),
        sa.Column("dialect", sa.String, nullable=False),
        sa.Column("work", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("deployment", sa.String),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("total", sa.Float, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
    )
    op.create_table(
        "attempts",
        sa.Column("decision", sa.String, sa.ForeignKey("decisions.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("deployment", sa.String, nullable=False),
        sa.Column("started", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("detail", sa.Text),
        sa.Column("time_to_first_chunk", sa.Float),
        sa.Column("total", sa.Float, nullable=False),
        sa.Column("response_model", sa.String),
        sa.Column("input_tokens", sa.Integer),
        sa.Column("output_tokens", sa.Integer),
        sa.Column("cache_read_input_tokens", sa.Integer),
        sa.Column("cache_write_input_tokens", sa.Integer),
        sa.Column("reasoning_tokens", sa.Integer),
        sa.Column("cost", sa.String),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("attempts")
    op.drop_table("decisions")
    op.drop_table("snapshots")
