"""What people have overridden on the page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "overrides",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("sort", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("value", sa.String),
        sa.Column("until", sa.String),
        sa.Column("person", sa.String),
        sa.Column("ended", sa.String),
    )


def downgrade() -> None:
    op.drop_table("overrides")
