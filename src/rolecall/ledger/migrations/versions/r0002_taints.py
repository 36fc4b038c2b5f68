"""Sessions that have carried private content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "taints",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("rule", sa.String, primary_key=True),
        sa.Column("met", sa.Text, nullable=False),
        sa.Column("session", sa.String),
        sa.Column("workspace", sa.String),
        sa.Column("since", sa.String, nullable=False),
        sa.Column("cleared", sa.String),
        sa.Column("why", sa.Text),
    )


def downgrade() -> None:
    op.drop_table("taints")
