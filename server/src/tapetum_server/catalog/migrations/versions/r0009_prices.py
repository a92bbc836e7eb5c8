"""Prices that people set: of models, per million tokens or by the hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_prices"
down_revision = "0008_prompts"


def upgrade() -> None:
    """Add a table; nothing that is there changes."""
    op.create_table(
        "prices",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("project", sa.String(64), nullable=True),
        sa.Column("provider", sa.String(100), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("input_usd", sa.Float(), nullable=True),
        sa.Column("output_usd", sa.Float(), nullable=True),
        sa.Column("cache_read_usd", sa.Float(), nullable=True),
        sa.Column("cache_write_usd", sa.Float(), nullable=True),
        sa.Column("audio_input_usd", sa.Float(), nullable=True),
        sa.Column("audio_output_usd", sa.Float(), nullable=True),
        sa.Column("hourly_usd", sa.Float(), nullable=True),
        sa.Column("accelerators", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_prices"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_prices_project_projects"),
    )
    op.create_index("ix_prices_project", "prices", ["project"])
